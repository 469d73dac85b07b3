using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace Foretell.Models.Gpu.Fused;

/// <summary>The kernels as PTX, which needs neither a GPU nor CUDA.</summary>
public static class StepAssembly
{
    /// <summary>Compiles a kernel.</summary>
    /// <param name="context">A context of <see cref="FusedContext"/>.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="architecture">GPU to compile for. ILGPU 1.5.3 names no later target than sm_80 in the text, which the driver
    /// translates for later GPUs.</param>
    /// <param name="instructionSet">Version of PTX, which decides how new a driver must be.</param>
    /// <returns>The text of the assembly.</returns>
    /// <exception cref="ArgumentException">The context is not one of <see cref="FusedContext"/>.</exception>
    internal static string Ptx(Context context, FusedKernel kernel, CudaArchitecture architecture, CudaInstructionSet instructionSet)
    {
        FusedContext.Check(context);
        using var backend = new PTXBackend(context, architecture, instructionSet, null!);
        CompiledKernel compiled = backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Run.Method), default);
        return ((PTXCompiledKernel)compiled).PTXAssembly;
    }
}
