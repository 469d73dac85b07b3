namespace Foretell.Models.Tests.PointProcess;

/// <summary>The Kolmogorov-Smirnov distance between draws and the distribution they claim.</summary>
internal static class Kolmogorov
{
    /// <summary>A right sampler stays below this in all but one of 500,000 runs; with a fixed seed the answer never changes.</summary>
    public static double Bound(int draws) => 2.7 / Math.Sqrt(draws);

    /// <summary>Asks the distribution at one draw in 32; the draws between lie within 32 / n of it.</summary>
    public static double Distance(double[] draws, Func<double, double> cdf)
    {
        const int Stride = 32;
        double[] sorted = [.. draws];
        Array.Sort(sorted);
        double distance = 0;
        for (int i = Stride / 2; i < sorted.Length; i += Stride)
        {
            distance = Math.Max(distance, Math.Abs(cdf(sorted[i]) - (i + 0.5) / sorted.Length));
        }
        return distance + (double)Stride / sorted.Length;
    }
}
