namespace Foretell.Models.Tests;

/// <summary>The Kolmogorov-Smirnov distance between draws and the distribution they claim.</summary>
internal static class Kolmogorov
{
    /// <summary>A right sampler stays below this in all but one of 500,000 runs; with a fixed seed the answer never changes.</summary>
    public static double Bound(int draws) => 2.7 / Math.Sqrt(draws);

    public static double Distance(double[] draws, Func<double, double> cdf)
    {
        double[] sorted = [.. draws.Order()];
        double distance = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            double expected = cdf(sorted[i]);
            distance = Math.Max(distance, Math.Max(expected - (double)i / sorted.Length, (i + 1.0) / sorted.Length - expected));
        }
        return distance;
    }
}
