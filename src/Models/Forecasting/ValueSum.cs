namespace Foretell.Models.Forecasting;

/// <summary>What the events within a horizon add up to in one value: revenue due, load to come.</summary>
public sealed class ValueSum
{
    private readonly double[] _sorted;

    /// <param name="name">The value.</param>
    /// <param name="sums">Sums of paths, any order.</param>
    internal ValueSum(string name, double[] sums)
    {
        Name = name;
        _sorted = [.. sums.Order()];
        Mean = _sorted.Average();
        // By the largest, since squares overflow above 1e154.
        double largest = Math.Max(Math.Max(Math.Abs(_sorted[0]), Math.Abs(_sorted[^1])), double.Epsilon);
        double square = _sorted.Sum(x => (x / largest - Mean / largest) * (x / largest - Mean / largest));
        StandardError = largest * Math.Sqrt(square / Math.Max(1, _sorted.Length - 1) / _sorted.Length);
    }

    /// <summary>Name of the value.</summary>
    public string Name { get; }

    /// <summary>Mean of the sum.</summary>
    public double Mean { get; }

    /// <summary>How far off the mean may be, since the paths are a sample.</summary>
    public double StandardError { get; }

    /// <summary>The sum that is not exceeded with probability <paramref name="p"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    public double Quantile(double p) => p is > 0 and < 1 ? _sorted[Math.Min((int)(p * _sorted.Length), _sorted.Length - 1)]
        : throw new ArgumentOutOfRangeException(nameof(p), p, "A probability must be between 0 and 1.");

    /// <summary>The sums of a stream's paths, one of each value.</summary>
    /// <param name="names">The values, in the order in which events have them.</param>
    /// <param name="paths">One or more.</param>
    /// <param name="horizonSeconds">From the moment of asking.</param>
    internal static ValueSum[] Of(IReadOnlyList<string> names, IReadOnlyList<SampledPath> paths, double horizonSeconds) =>
        [.. names.Select((name, i) => Of(name, i, paths, horizonSeconds))];

    /// <summary>The sum of one value over a stream's paths.</summary>
    internal static ValueSum Of(string name, int value, IReadOnlyList<SampledPath> paths, double horizonSeconds) =>
        new(name, DrawnOut(paths, value, horizonSeconds));

    /// <summary>Sums over the whole horizon. Paths that were cut go on at their own pace, and over r times as long a time sums lie only
    /// the square root of r times as far apart, as those of a renewal process do (Cox, Renewal Theory, 1962).</summary>
    private static double[] DrawnOut(IReadOnlyList<SampledPath> paths, int value, double horizonSeconds)
    {
        // A path that is cut at once has no pace.
        double[] times = [.. paths.Select(path => path.Until > 0 ? Math.Max(1, horizonSeconds / path.Until) : 1)];
        double[] sums = [.. paths.Select((path, i) => Sum(path, value) * times[i])];
        int[] cut = [.. Enumerable.Range(0, sums.Length).Where(i => times[i] > 1)];
        if (cut.Length > 0)
        {
            double mean = cut.Average(i => sums[i]), nearer = 1 / Math.Sqrt(cut.Average(i => times[i]));
            Array.ForEach(cut, i => sums[i] = mean + (sums[i] - mean) * nearer);
        }
        return sums;
    }

    private static double Sum(SampledPath path, int value) =>
        path.Events.Sum(e => e.Values is { } values && !double.IsNaN(values[value]) ? values[value] : 0);
}
