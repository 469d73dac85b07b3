using Foretell.Models.Horizons;
using Foretell.Models.Scoring;

namespace Foretell.Models.Comparison;

/// <summary>A mean over seeds.</summary>
/// <param name="Mean">Mean.</param>
/// <param name="StandardError">Its standard error, from what differs between seeds alone; null with a single one.</param>
public readonly record struct Estimate(double Mean, double? StandardError)
{
    /// <summary>Mean, and sample deviation over the root of the count.</summary>
    public static Estimate Of(IReadOnlyList<double> values)
    {
        double mean = values.Average(), squares = values.Sum(v => (v - mean) * (v - mean));
        return new Estimate(mean, values.Count < 2 ? null : Math.Sqrt(squares / (values.Count - 1) / values.Count));
    }
}

/// <summary>One row of the table: a form, or a simple method, over all of its seeds.</summary>
/// <param name="Name">Form or method, with the number of kept events where it is bounded.</param>
/// <param name="Scores">One a seed, in order.</param>
/// <param name="Grid">Trainings of the first seed, one a learning rate; empty for simple methods.</param>
/// <param name="Chosen">Trainings at the chosen rate, one a seed; empty for simple methods.</param>
public sealed record ComparisonRow(string Name, IReadOnlyList<ScoreRecord> Scores, IReadOnlyList<TrainingRecord> Grid,
    IReadOnlyList<TrainingRecord> Chosen)
{
    /// <summary>Forecasts of whole horizons, one a seed; empty where they are not scored, and for simple methods.</summary>
    public IReadOnlyList<HorizonScore> Horizons { get; init; } = [];

    /// <summary>Figures that all seeds share: sizes, parameters, speed.</summary>
    public ScoreRecord First => Scores[0];

    /// <summary>Joint NLL.</summary>
    public Estimate Nll => Mean(s => s.Nll);

    /// <summary>NLL of the inter-event times.</summary>
    public Estimate NllTime => Mean(s => s.NllTime);

    /// <summary>NLL of the marks; null without marks.</summary>
    public Estimate? NllMark => First.NllMark is null ? null : Mean(s => s.NllMark!.Value);

    /// <summary>Accuracy of the likeliest mark; null without marks.</summary>
    public Estimate? Accuracy => First.Accuracy is null ? null : Mean(s => s.Accuracy!.Value);

    /// <summary>NLL of the open ends; null where there are none.</summary>
    public Estimate? NllOpenEnd => First.NllOpenEnd is null ? null : Mean(s => s.NllOpenEnd!.Value);

    /// <summary>Kolmogorov-Smirnov distance.</summary>
    public Estimate PitKs => Mean(s => s.PitKs);

    /// <summary>One of the errors; null where no score has them, or this one.</summary>
    public Estimate? Error(Func<ForecastErrors, double?> error) =>
        Scores.All(s => s.Errors is { } e && error(e) is not null) ? Mean(s => error(s.Errors!)!.Value) : null;

    /// <summary>Chosen learning rate; null for simple methods.</summary>
    public double? Rate => Chosen.Count == 0 ? null : Chosen[0].Rate;

    /// <summary>The chosen rate is the lowest or highest that was tried: a better one may lie beyond.</summary>
    public bool IsRateAtEdge => Rate is { } rate && Grid.Count > 1 && (rate == Grid.Min(t => t.Rate) || rate == Grid.Max(t => t.Rate));

    /// <summary>Mean processor time of one training at the chosen rate, seconds; null for simple methods.</summary>
    public double? TrainingSeconds => Chosen.Count == 0 ? null : Chosen.Average(t => t.ProcessorSeconds);

    /// <summary>Joint NLL on dev at the chosen rate; null for simple methods.</summary>
    public Estimate? DevNll => Chosen.Count == 0 ? null : Estimate.Of([.. Chosen.Select(t => t.DevNll!.Value)]);

    /// <summary>Mean over seeds of the joint NLL by events seen.</summary>
    public IReadOnlyList<(long From, long Events, double Nll)> BySeen =>
        [.. First.BySeen.Select((b, i) => (b.From, b.Events, Scores.Average(s => s.BySeen[i].NllTime + s.BySeen[i].NllMark)))];

    /// <summary>Share of gaps below each hundredth of their forecasts, over all seeds; 0 first, 1 last. Shape [101].</summary>
    public IReadOnlyList<double> PitShares
    {
        get
        {
            var shares = new double[First.Pit.Count + 1];
            double total = Scores.Sum(s => (double)s.Pit.Sum());
            for (int i = 0; i < First.Pit.Count; i++)
            {
                shares[i + 1] = shares[i] + Scores.Sum(s => s.Pit[i]) / total;
            }
            return shares;
        }
    }

    private Estimate Mean(Func<ScoreRecord, double> value) => Estimate.Of([.. Scores.Select(value)]);
}
