using Foretell.Models.Numerics;

namespace Foretell.Models.Tests.Reference;

/// <summary>Derivatives of plain double functions by central differences: what every backward pass is held to.</summary>
internal static class FiniteDifference
{
    private const double Step = 1e-5;

    /// <summary>d f / d x[index].</summary>
    public static double Of(Func<double[], double> f, double[] x, int index)
    {
        double[] up = [.. x], down = [.. x];
        up[index] += Step;
        down[index] -= Step;
        return (f(up) - f(down)) / (2 * Step);
    }

    /// <summary>Holds a float gradient to the differences of a double function, for every element of x.</summary>
    /// <param name="tolerance">Of the largest derivative.</param>
    public static void AssertGradient(Func<double[], double> f, double[] x, ReadOnlySpan<float> gradient, double tolerance = 2e-4)
    {
        var expected = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            expected[i] = Of(f, x, i);
        }
        double scale = expected.Max(Math.Abs) + 1e-12;
        for (int i = 0; i < x.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - gradient[i]) <= tolerance * scale,
                $"Element {i}: backward pass says {gradient[i]}, differences say {expected[i]} (largest {scale}).");
        }
    }

    /// <summary>Normal numbers that a float holds exactly, from a seed.</summary>
    public static double[] Numbers(int seed, int count, double scale = 1)
    {
        var random = new RandomStream(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (double)(float)(scale * random.NextNormal()))];
    }
}
