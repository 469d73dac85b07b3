using System.Reflection;
using Foretell.Models.Gpu.Kernels;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace Foretell.Models.Gpu.Fused;

/// <summary>The kernel as PTX, which needs neither a GPU nor CUDA.</summary>
public static class StepAssembly
{
    /// <summary>Compiles the kernel.</summary>
    /// <param name="context">A context of <see cref="FusedContext"/>.</param>
    /// <param name="architecture">GPU to compile for. ILGPU 1.5.3 names no later target than sm_80 in the text, which the driver
    /// translates for later GPUs.</param>
    /// <param name="instructionSet">Version of PTX, which decides how new a driver must be.</param>
    /// <returns>The text of the assembly.</returns>
    /// <exception cref="ArgumentException">The context is not one of <see cref="FusedContext"/>.</exception>
    public static string Ptx(Context context, CudaArchitecture architecture, CudaInstructionSet instructionSet)
    {
        FusedContext.Check(context);
        MethodInfo kernel = typeof(StepKernel).GetMethod(nameof(StepKernel.Run))!;
        using var backend = new PTXBackend(context, architecture, instructionSet, null!);
        CompiledKernel compiled = backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), default);
        return ((PTXCompiledKernel)compiled).PTXAssembly;
    }
}
