using ILGPU.IR.Intrinsics;

namespace Foretell.Models.Gpu.Arithmetic;

/// <summary>The only additions and multiplications of floats in a kernel, each rounded once to the nearest float.</summary>
/// <remarks>
/// A kernel may not write + and * on floats: they would become PTX's add.f32 and mul.f32, which the assembler may contract to
/// one fused multiply-add, and a contracted sum has other bits. On a CPU these are the bodies below, which .NET never contracts;
/// in PTX they are the instructions of <see cref="PtxReal"/>. Division, square root, negation and conversions need no help:
/// ILGPU writes them as correctly rounded or exact instructions (StepAssemblyTests).
/// </remarks>
internal static class Real
{
    /// <summary>x y + z, rounded once.</summary>
    [IntrinsicImplementation]
    public static float MultiplyAdd(float x, float y, float z) => MathF.FusedMultiplyAdd(x, y, z);

    /// <summary>x y.</summary>
    [IntrinsicImplementation]
    public static float Multiply(float x, float y) => x * y;

    /// <summary>x + y.</summary>
    [IntrinsicImplementation]
    public static float Add(float x, float y) => x + y;

    /// <summary>x - y: the same as adding -y, by IEEE 754's own definition.</summary>
    public static float Subtract(float x, float y) => Add(x, -y);
}
