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
    /// <param name="paths">One or more. One that was cut before the horizon is drawn out at its own pace.</param>
    /// <param name="horizonSeconds">From the moment of asking.</param>
    internal static ValueSum[] Of(IReadOnlyList<string> names, IReadOnlyList<SampledPath> paths, double horizonSeconds) =>
        [.. names.Select((name, i) => new ValueSum(name, [.. paths.Select(path => Sum(path, i) * Beyond(path, horizonSeconds))]))];

    // A path that is cut at once has no pace.
    private static double Beyond(SampledPath path, double horizonSeconds) => path.Until > 0 ? horizonSeconds / path.Until : 1;

    private static double Sum(SampledPath path, int value) =>
        path.Events.Sum(e => e.Values is { } values && !double.IsNaN(values[value]) ? values[value] : 0);
}
