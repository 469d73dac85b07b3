using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.Weights;

namespace Foretell.Models.PointProcess;

/// <summary>The simple methods that a model is measured against, fitted on its training data and kept in its weights file.</summary>
/// <remarks>
/// All score by the model's own rule (<see cref="GapDistribution"/>): a tick where the model has a resolution, a tie by its
/// probability, otherwise the density at the gap.
/// </remarks>
public sealed class Baselines
{
    /// <summary>Components of the history-free mixture.</summary>
    public const int Components = 8;

    private const string Prefix = "baseline.";
    private readonly ModelConfig _config;

    private Baselines(ModelConfig config, double rate, NormalMixture gaps, MarkovMarks? marks)
    {
        _config = config;
        GapDistribution = new GapDistribution(gaps, config.Ties, config);
        (Rate, Gaps, Marks) = (rate, gaps, marks);
    }

    /// <summary>Rate of the exponential, events per time unit.</summary>
    public double Rate { get; }

    /// <summary>History-free mixture of ln gap.</summary>
    public NormalMixture Gaps { get; }

    /// <summary>The same as it is scored: with tail, ties and clock grid.</summary>
    internal GapDistribution GapDistribution { get; }

    /// <summary>Mark counts; null where the model has no marks.</summary>
    public MarkovMarks? Marks { get; }

    /// <summary>Fits all of them on the predicted events of the training data (each sequence's first is context).</summary>
    /// <param name="config">Gives resolution, floor, gap statistics and the number of marks.</param>
    /// <param name="gaps">Gap before each event, time units. Shape [n], n of 1 or more.</param>
    /// <param name="previous">Index of the mark before each event. Shape [n], or empty where the model has no marks.</param>
    /// <param name="marks">Index of each event's mark. Shape [n], or empty.</param>
    /// <exception cref="ArgumentException">There is no gap, or lengths or marks do not fit.</exception>
    public static Baselines Fit(ModelConfig config, ReadOnlySpan<double> gaps, ReadOnlySpan<int> previous, ReadOnlySpan<int> marks)
    {
        if (config.Marks.Count > 0 && marks.Length != gaps.Length)
        {
            throw new ArgumentException($"Each event needs a gap and a mark, got {gaps.Length} gaps and {marks.Length} marks.");
        }
        double[] z = new double[gaps.Length];
        double sum = 0;
        int fitted = 0;
        foreach (double seen in gaps)
        {
            if (seen > 0 || config.Ties == 0)
            {
                double gap = Math.Max(seen, config.GapFloor);
                sum += gap;
                z[fitted++] = GapInterval.StandardiseFloored(gap, config);
            }
        }
        Array.Resize(ref z, fitted);
        NormalMixture mixture = ExpectationMaximization.Fit(z, Components);
        return new(config, z.Length / sum, mixture.Rescale(config.LogGapMean, config.LogGapDeviation),
            config.Marks.Count > 0 ? MarkovMarks.Fit(config.Marks.Count, previous, marks) : null);
    }

    /// <summary>The same gaps, and marks of which none has been counted: all equally likely.</summary>
    /// <param name="config">The same but for its marks.</param>
    internal Baselines WithoutMarkCounts(ModelConfig config) =>
        new(config, Rate, Gaps, config.Marks.Count > 0 ? MarkovMarks.Fit(config.Marks.Count, [], []) : null);

    /// <summary>Log density of a gap under the exponential, nats, per time unit.</summary>
    public double LogExponential(double gap)
    {
        if (gap == 0 && _config.Ties > 0)
        {
            return Math.Log(_config.Ties);
        }
        if (_config.Resolution == 0)
        {
            return RealMath.Log1p(-_config.Ties) + Math.Log(Rate) - Rate * Math.Max(gap, _config.GapFloor);
        }
        (double lower, double upper) = ClockGrid.Cell(gap, _config.Resolution);
        return -Rate * lower + Math.Log(-RealMath.Expm1(-Rate * (upper - lower)) / (upper - lower));
    }

    /// <summary>Log density of a gap under the history-free mixture, nats, per time unit.</summary>
    public double LogMixture(double gap) => GapDistribution.LogDensity(gap);

    /// <summary>ln p(mark | previous mark); 0 where the model has no marks.</summary>
    public double LogMarkov(int previous, int mark) => Marks?.LogMarkov(previous, mark) ?? 0;

    /// <summary>ln p(mark); 0 where the model has no marks.</summary>
    public double LogUnigram(int mark) => Marks?.LogUnigram(mark) ?? 0;

    /// <summary>p(mark | previous mark), or p(mark) where the previous one is negative: not known; 1 where the model has no
    /// marks.</summary>
    internal double Mark(int previous, int mark) => Marks is null ? 1 : previous < 0 ? Marks.Unigram(mark) : Marks.Markov(previous, mark);

    /// <summary>Adds what was fitted to a weights file, under names that start with "baseline.".</summary>
    public void Write(IDictionary<string, Tensor> tensors)
    {
        tensors[Prefix + "rate"] = Tensor.Of([Rate]);
        tensors[Prefix + "gap.log_weight"] = Tensor.Of(Gaps.LogWeight);
        tensors[Prefix + "gap.mu"] = Tensor.Of(Gaps.Mean);
        tensors[Prefix + "gap.sigma"] = Tensor.Of(Gaps.Deviation);
        Marks?.Write(tensors, Prefix + "marks.");
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or does not fit the configuration.</exception>
    public static Baselines Read(ModelConfig config, IReadOnlyDictionary<string, Tensor> tensors)
    {
        double[] rate = Doubles("rate"), logWeight = Doubles("gap.log_weight"), mu = Doubles("gap.mu"), sigma = Doubles("gap.sigma");
        if (rate.Length != 1 || !(rate[0] > 0 && double.IsFinite(rate[0])) || !logWeight.All(w => w < double.PositiveInfinity)
            || logWeight.Length == 0 || mu.Length != logWeight.Length
            || sigma.Length != logWeight.Length || !sigma.All(s => s > 0 && double.IsFinite(s)) || !mu.All(double.IsFinite))
            throw new InvalidDataException(
                "The baselines need one rate above 0 and a mixture of as many log weights as finite mu and positive sigma.");
        return new(config, rate[0], new(logWeight, mu, sigma),
            config.Marks.Count > 0 ? MarkovMarks.Read(tensors, Prefix + "marks.", config.Marks.Count) : null);

        double[] Doubles(string name) => Find(tensors, Prefix + name).ToDoubles();
    }

    internal static Tensor Find(IReadOnlyDictionary<string, Tensor> tensors, string name) =>
        tensors.TryGetValue(name, out Tensor? tensor)
            ? tensor
            : throw new InvalidDataException($"The weights file lacks the tensor '{name}'.");
}
