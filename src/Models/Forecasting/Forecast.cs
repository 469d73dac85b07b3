using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Forecasting;

/// <summary>Probability of one mark.</summary>
public readonly record struct MarkProbability(string Mark, double Probability);

/// <summary>Probability of one kind of stream.</summary>
public readonly record struct LabelProbability(string Label, double Probability);

/// <summary>The distribution of a stream's next event, conditioned on the silence since its last one. Times in seconds after the
/// moment of asking.</summary>
/// <remarks>
/// The inter-event time has the distribution that it is scored by (<see cref="GapDistribution"/>); given a silence s the forecast is
/// p(tau | tau > s), in closed form. Marks are integrated over the conditioned gap. Where training was censored no event at all
/// has a probability of its own (<see cref="Never"/>), and the mixture is that of the gap given that an event comes.
/// Source: Shchur, Bilos, Guennemann, ICLR 2020, for the mixture; Farewell, Biometrics 38, 1982, for what it leaves out.
/// </remarks>
public sealed class Forecast
{
    /// <summary>Gaps and marks that values are told over; together they fill one batch of the heads.</summary>
    private const int ValueNodes = 8, ValueMarks = 16;

    private readonly Forecaster _forecaster;
    private readonly ForecastModel _model;
    private readonly float[] _state;
    private readonly RemainingGap _gap;
    private readonly double _never, _coming;

    internal Forecast(Forecaster forecaster, ReadOnlySpan<float> state, double silenceSeconds)
    {
        ForecastModel model = forecaster.Model;
        if (state.Length != model.StateFloats && !(model.Grows && state.Length > model.StateFloats))
        {
            throw new ArgumentException($"State must be {model.StateFloats} floats, got {state.Length}.", nameof(state));
        }
        if (!(silenceSeconds >= 0 && double.IsFinite(silenceSeconds)))
        {
            throw new ArgumentOutOfRangeException(nameof(silenceSeconds), silenceSeconds,
                "Silence must be 0 s or more: ask for a time that is not before the stream's last event.");
        }
        (_forecaster, _model) = (forecaster, model);
        _state = state.ToArray();
        _gap = forecaster.Gap(Basis, out double neverLogit).Given(silenceSeconds / Unit);
        double logSurvival = _gap.LogSurvivalOfSilence;
        LogSurvival = NeverHead.LogSilence(neverLogit, logSurvival);
        (_never, _coming) = (NeverHead.Never(neverLogit, logSurvival), NeverHead.Coming(neverLogit, logSurvival));
    }

    /// <summary>Probability that no next event comes at all, given the silence; null where training did not count open ends.</summary>
    public double? Never => _model.Config.Censored ? _never : null;

    /// <summary>Probability that nothing would have come by now.</summary>
    public double Survival => Math.Exp(LogSurvival);

    /// <summary>Its logarithm; finite where <see cref="Survival"/> underflows.</summary>
    public double LogSurvival { get; }

    /// <summary>Mean time to the next event, given that one comes, seconds. No wait is counted beyond ten times the longest gap
    /// of training (<see cref="ModelConfig.GapCeiling"/>), or ten times the median wait where that is longer, since the far tail
    /// would rule the mean.</summary>
    public double Mean =>
        Math.Min(_gap.RestrictedMean(Math.Max(_model.Config.GapCeiling, 10 * Math.Min(_gap.Quantile(0.5), 1e300))) * Unit, double.MaxValue);

    /// <summary>Time by which the next event has come with probability <paramref name="p"/>, seconds; infinite where no time is
    /// enough, since none may come.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    public double Quantile(double p)
    {
        double share = p / _coming;
        return p < 1 && share >= 1 ? double.PositiveInfinity : Math.Min(_gap.Quantile(share) * Unit, double.MaxValue);
    }

    /// <summary>Probability that the next event comes within <paramref name="seconds"/>.</summary>
    public double ProbabilityWithin(double seconds) => seconds <= 0 ? 0 : _coming * Math.Min(1, _gap.ProbabilityWithin(seconds / Unit));

    /// <summary>Probability of each mark of the next event, given that one comes, most likely first; sums to 1. Empty where the
    /// model has no marks.</summary>
    public IReadOnlyList<MarkProbability> Marks() => Marks(int.MaxValue, out _, out _);

    /// <summary>The same for the likeliest marks only.</summary>
    /// <param name="most">Marks to name at most, 0 or more.</param>
    /// <param name="others">How many marks the model knows beside them.</param>
    /// <param name="otherProbability">Probability that the next event has one of the others.</param>
    public IReadOnlyList<MarkProbability> Marks(int most, out int others, out double otherProbability)
    {
        IReadOnlyList<string> names = _model.Config.Marks;
        (others, otherProbability) = (0, 0);
        if (names.Count == 0)
        {
            return [];
        }
        double[] probabilities = _forecaster.MarkProbabilities(Basis, _gap.Nodes(ForecastKernel.Nodes));
        int[] named = [.. Enumerable.Range(0, names.Count).OrderByDescending(i => probabilities[i]).Take(most)];
        MarkProbability[] marks = [.. named.Select(i => new MarkProbability(names[i], Math.Min(1, probabilities[i])))];
        foreach (int i in named)
        {
            probabilities[i] = 0;
        }
        (others, otherProbability) = (names.Count - marks.Length, Math.Min(1, probabilities.Sum()));
        return marks;
    }

    /// <summary>Whether the model tells when a stream's last event comes.</summary>
    public bool TellsEnd => _model.Config.Remaining is not null;

    /// <summary>Time by which the stream is over with probability <paramref name="p"/>, seconds: its last event has come by then. 0 where
    /// it is over already with so much (<see cref="Never"/>).</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    /// <exception cref="InvalidOperationException">The model does not tell (<see cref="TellsEnd"/>).</exception>
    public double RemainingQuantile(double p)
    {
        if (!TellsEnd)
        {
            throw new InvalidOperationException($"Model {_model.Id} was not trained on whole streams, so it tells no ends.");
        }
        if (!(p is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), p, "A probability must be between 0 and 1.");
        }
        return p <= _never ? 0
            : Math.Min(_forecaster.Remaining(Basis).Given(_gap.Silence).Quantile((p - _never) / (1 - _never)) * Unit, double.MaxValue);
    }

    /// <summary>What kind of stream it is or becomes, by all that came so far, most likely first; empty where the model tells none
    /// apart.</summary>
    public IReadOnlyList<LabelProbability> Labels() =>
        [.. _forecaster.Labels(Basis).Select((p, i) => new LabelProbability(_model.Config.Labels![i], p))
            .OrderByDescending(l => l.Probability)];

    /// <summary>How much: the values of the next event, given that one comes, over all its gaps and its likeliest marks. Empty where the
    /// model forecasts none. Shape [v].</summary>
    public IReadOnlyList<ValueForecast> Values()
    {
        if (_model.Values is null)
        {
            return [];
        }
        (double Tau, double Weight)[] nodes = _gap.Nodes(ValueNodes);
        if (_model.Config.Marks.Count == 0)
        {
            return _forecaster.Values(Basis, [.. nodes.Select(n => (n.Tau, 0, n.Weight))]);
        }
        double[][] marks = Array.ConvertAll(nodes, n => _forecaster.MarkProbabilities(Basis, [(n.Tau, 1)]));
        int[] likely = [.. Enumerable.Range(0, marks[0].Length).OrderByDescending(m => nodes.Zip(marks, (n, p) => n.Weight * p[m]).Sum())
            .Take(ValueMarks)];
        (double Tau, int Mark, double Weight)[] cells =
            [.. nodes.Zip(marks).SelectMany(x => likely.Select(m => (x.First.Tau, m, x.First.Weight * x.Second[m])))];
        double sum = cells.Sum(c => c.Weight);
        return _forecaster.Values(Basis, Array.ConvertAll(cells, c => c with { Weight = c.Weight / sum }));
    }

    /// <summary>What the events within <paramref name="horizonSeconds"/> add up to in each value; the same state gives the same
    /// sums.</summary>
    /// <exception cref="ArgumentException">The forecast was made of a row without its tail.</exception>
    public IReadOnlyList<ValueSum> Sums(double horizonSeconds) => _forecaster.Sums([this], horizonSeconds, new ParallelOptions())[0];

    /// <summary>How many events come within <paramref name="horizonSeconds"/>; the same state gives the same answer.</summary>
    /// <remarks>The first event's probability is exact and only what follows is sampled, so the mean is never below
    /// <see cref="ProbabilityWithin"/>.</remarks>
    /// <exception cref="ArgumentException">The forecast was made of a row without its tail.</exception>
    public CountForecast Count(double horizonSeconds) => _forecaster.Counts([this], horizonSeconds)[0];

    /// <summary>Possible futures within <paramref name="horizonSeconds"/>; the same state gives the same ones.</summary>
    /// <exception cref="ArgumentException">The forecast was made of a row without its tail.</exception>
    public IReadOnlyList<SampledPath> Paths(int paths, double horizonSeconds) => _forecaster.Paths([this], paths, horizonSeconds)[0];

    /// <summary>How likely each of some marks is the next event's where that comes at this very moment, of these marks. Shape as of
    /// <paramref name="marks"/>; sums to 1.</summary>
    internal double[] SharesNow(ReadOnlySpan<int> marks)
    {
        double[] all = _forecaster.MarkProbabilities(Basis, [(_gap.Silence, 1)]), shares = new double[marks.Length];
        double sum = 0;
        for (int i = 0; i < marks.Length; i++)
        {
            sum += shares[i] = all[marks[i]];
        }
        return Array.ConvertAll(shares, share => share / Math.Max(sum, 1e-300));
    }

    internal CountQuestion Question(double horizonSeconds)
    {
        _model.CheckState(_state);
        return new CountQuestion(_state, _gap, _coming, horizonSeconds / Unit);
    }

    /// <summary>Draws the next event: seconds from now, infinite when none comes, and its mark ("" then, and where the model has
    /// no marks).</summary>
    public (double Seconds, string Mark) Sample(RandomStream random)
    {
        if (_model.Config.Censored && random.NextDouble() < _never)
        {
            return (double.PositiveInfinity, "");
        }
        double wait = _gap.Sample(random);
        if (_model.Config.Marks.Count == 0)
        {
            return (wait * Unit, "");
        }
        double[] probabilities = _forecaster.MarkProbabilities(Basis, [(_gap.Silence + wait, 1)]);
        return (wait * Unit, _model.Config.Marks[Categorical.DrawFrom(probabilities, random)]);
    }

    private double Unit => _model.Config.TimeUnitSeconds;

    private ReadOnlySpan<float> Basis => _state.AsSpan(_model.MixerFloats, _model.BasisFloats);
}
