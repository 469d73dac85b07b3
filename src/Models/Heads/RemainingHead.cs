using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Heads;

/// <summary>The time from an event to the last of its stream, given that it is not the last itself: a mixture of log-normals, as that of a
/// gap is (<see cref="TimeHead"/>), of another standardised logarithm and moved from components of equal weight side by side.</summary>
internal sealed unsafe class RemainingHead
{
    /// <summary>Deviations to both sides of the mean over which the components start, and the deviation of each.</summary>
    private const double Reach = 2, Spread = 0.5;

    private readonly ModelConfig _config;

    /// <param name="config">Width and components; has the scale.</param>
    /// <param name="add">Lays out its tensors.</param>
    public RemainingHead(ModelConfig config, AddParameter add)
    {
        // To the mathematics it is a gap of continuous times that is above 0 and comes for certain.
        _config = config with
        {
            LogGapMean = config.Remaining!.LogMean,
            LogGapDeviation = config.Remaining.LogDeviation,
            Resolution = 0,
            Ties = 0,
            Censored = false,
        };
        int k = config.Components;
        Weight = add("remaining.weight", config.Width, 3 * k, new(InitializerKind.Linear, 0.3f));
        Bias = add("remaining.bias", 1, 3 * k, Initializer.Zero);
        Time = new TimeHead(_config, [.. Enumerable.Repeat(-Math.Log(k), k)],
            [.. Enumerable.Range(0, k).Select(i => Reach * (2 * i - (k - 1)) / (k - 1))], [.. Enumerable.Repeat(Spread, k)]);
    }

    /// <summary>Shape [d, 3k].</summary>
    public Parameter Weight { get; }

    /// <summary>Shape [3k].</summary>
    public Parameter Bias { get; }

    /// <summary>Its mixture.</summary>
    public TimeHead Time { get; }

    /// <summary>A remaining time as it is scored.</summary>
    /// <param name="remaining">Time units, 0 or more.</param>
    public GapInterval Interval(double remaining) => GapInterval.Of(remaining, _config);

    /// <summary>The distribution of the remaining time.</summary>
    /// <param name="outputs">Shape [3k or more].</param>
    /// <param name="over">Probability that there is none left.</param>
    public GapDistribution Decode(ReadOnlySpan<float> outputs, double over)
    {
        int k = Time.Components;
        double[] logWeight = new double[k], mean = new double[k], deviation = new double[k];
        Time.Decode(outputs, logWeight, mean, deviation);
        return new GapDistribution(
            new NormalMixture(logWeight, mean, deviation).Rescale(_config.LogGapMean, _config.LogGapDeviation), over, _config);
    }

    /// <summary>The mixture's parameters of hidden vectors.</summary>
    /// <param name="hidden">Shape [rows, d].</param>
    /// <param name="outputs">Output. Shape [rows, 3k].</param>
    public void Outputs(float* weights, float* hidden, float* outputs, int rows) =>
        Linear.Forward(hidden, _config.Width, weights, Weight, Bias, outputs, rows);

    /// <summary>Gradients by the outputs'.</summary>
    /// <param name="dOutputs">Shape [rows, 3k].</param>
    /// <param name="dHidden">Output. Shape [rows, d].</param>
    /// <param name="accumulate">Adds to <paramref name="dHidden"/>.</param>
    public void Backward(float* weights, float* hidden, float* dOutputs, float* dHidden, int rows, bool accumulate, float* gradient) =>
        Linear.Backward(hidden, _config.Width, weights, Weight, Bias, dOutputs, dHidden, _config.Width, rows, accumulate, gradient);
}
