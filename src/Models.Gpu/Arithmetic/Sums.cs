using ILGPU;

namespace Foretell.Models.Gpu.Arithmetic;

/// <summary>Sums in the orders that the CPU's step takes them in.</summary>
internal static class Sums
{
    /// <summary>Lanes of the CPU's vectors, which fix the order of a sum over a row.</summary>
    public const int Lanes = 16;

    /// <summary>One element of x W + start: fused multiply-adds over k in ascending order.</summary>
    /// <param name="x">Shape [inner] from <paramref name="first"/> on.</param>
    /// <param name="element">Where the column's first weight lies.</param>
    /// <param name="stride">Floats from a row of W to the next.</param>
    public static float Product(ArrayView<float> x, int first, ArrayView<float> weights, int element, int stride, int inner, float start)
    {
        float sum = start;
        for (int k = 0; k < inner; k++)
        {
            sum = Real.MultiplyAdd(x[first + k], weights[element + k * stride], sum);
        }
        return sum;
    }

    /// <summary>Sum of 16 lanes: halves, quarters, pairs.</summary>
    /// <param name="lanes">Shape [16] from <paramref name="first"/> on.</param>
    public static float OfLanes(ArrayView<float> lanes, int first)
    {
        float even = Real.Add(Quarter(lanes, first), Quarter(lanes, first + 2));
        float odd = Real.Add(Quarter(lanes, first + 1), Quarter(lanes, first + 3));
        return Real.Add(even, odd);
    }

    /// <summary>Every fourth lane.</summary>
    private static float Quarter(ArrayView<float> lanes, int lane) => Real.Add(
        Real.Add(lanes[lane], lanes[lane + 8]),
        Real.Add(lanes[lane + 4], lanes[lane + 12]));
}
