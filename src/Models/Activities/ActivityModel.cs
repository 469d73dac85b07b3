using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Activities;

/// <summary>Says after every event of a case what comes next, whether anything does, and when, the next event and the last. Immutable and
/// safe to share between threads.</summary>
/// <param name="model">A model with the probability of no next event and the head of the remaining time.</param>
internal sealed unsafe class ActivityModel(ForecastModel model)
{
    /// <summary>Gaps over which marks are averaged before the gap is known: as many as a host takes.</summary>
    private const int Nodes = ForecastKernel.Nodes;

    private readonly Forecaster _forecaster = new(model);

    /// <summary>Configuration.</summary>
    public ModelConfig Config => model.Config;

    /// <summary>Activities m, in the order of the forecasts' probabilities.</summary>
    public IReadOnlyList<string> Activities => model.Config.Marks;

    /// <summary>Bytes of a stream's row after a number of events; the same for any number but with the mixer softmax.</summary>
    public long StateBytesAfter(long events) => model.StateBytesAfter(events);

    /// <summary>What is said after each event, by the events up to it alone. Shape [n].</summary>
    public IReadOnlyList<ActivityForecast> Predict(EventSequence one)
    {
        var encoded = new EncodedSequence(one with { Until = double.PositiveInfinity }, Config, model.MarkIndices, openEnd: true);
        using var pass = new NetworkPass(Config, model.Layout, model.TimeHead, model.ValueMixtures);
        pass.Run(model.Weights.Pointer, [encoded], null, 0);
        var said = new ActivityForecast[encoded.Rows];
        for (int row = 0; row < said.Length; row++)
        {
            var hidden = new ReadOnlySpan<float>(pass.Buffers.Hidden + (nint)row * Config.Width, Config.Width);
            RemainingGap gap = _forecaster.Gap(hidden, out double never).Given(0);
            double over = Logistic.Probability(never);
            double[] next = [.. _forecaster.MarkProbabilities(hidden, gap.Nodes(Nodes)).Select(p => (1 - over) * p), over];
            double remaining = model.Layout.Remaining!.Decode(pass.RemainingTimes!.Mixture(row), over).Given(0).Quantile(0.5);
            said[row] = new ActivityForecast(next, gap.Quantile(0.5), remaining);
        }
        return said;
    }
}
