using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Layers;

/// <summary>SiLU, y = x sigmoid(x). Source: Hendrycks and Gimpel 2016; Elfwing et al. 2018.</summary>
internal static unsafe class Silu
{
    /// <summary>y = x sigmoid(x). <paramref name="y"/> may be x. Length a multiple of 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(float* x, float* y, long length)
    {
        for (long i = 0; i < length; i += 16)
        {
            var v = Vector512.Load(x + i);
            (v * VectorMath.Sigmoid(v)).Store(y + i);
        }
    }

    /// <summary>dx = dy (s + x s (1 - s)) with s = sigmoid(x). <paramref name="dx"/> may be dy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward(float* x, float* dy, float* dx, long length)
    {
        for (long i = 0; i < length; i += 16)
        {
            var v = Vector512.Load(x + i);
            var s = VectorMath.Sigmoid(v);
            var slope = Vector512.FusedMultiplyAdd(v * s, Vector512<float>.One - s, s);
            (Vector512.Load(dy + i) * slope).Store(dx + i);
        }
    }
}
