using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.Runtime.Cuda;

namespace Foretell.Models.Gpu.Arithmetic;

/// <summary>The operations of <see cref="Real"/> as one PTX instruction each, with the rounding in its name.</summary>
/// <remarks>Source: PTX ISA, add and mul: one that names its rounding is never contracted.</remarks>
internal static class PtxReal
{
    /// <summary>x y + z, rounded once.</summary>
    public static float MultiplyAdd(float x, float y, float z)
    {
        CudaAsm.Emit("fma.rn.f32 %0, %1, %2, %3;", out float result, x, y, z);
        return result;
    }

    /// <summary>x y.</summary>
    public static float Multiply(float x, float y)
    {
        CudaAsm.Emit("mul.rn.f32 %0, %1, %2;", out float result, x, y);
        return result;
    }

    /// <summary>x + y.</summary>
    public static float Add(float x, float y)
    {
        CudaAsm.Emit("add.rn.f32 %0, %1, %2;", out float result, x, y);
        return result;
    }

    /// <summary>Lets a context's PTX use them. Once for each context.</summary>
    public static void Register(Context context)
    {
        foreach (string operation in new[] { nameof(Real.MultiplyAdd), nameof(Real.Multiply), nameof(Real.Add) })
        {
            context.GetIntrinsicManager().RegisterMethod(typeof(Real).GetMethod(operation)!,
                new PTXIntrinsic(typeof(PtxReal), operation, IntrinsicImplementationMode.Redirect));
        }
    }
}
