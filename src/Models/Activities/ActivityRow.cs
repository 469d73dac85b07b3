using Foretell.Models.Comparison;

namespace Foretell.Models.Activities;

/// <summary>One row of the table: a form, or a simple method.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsSimple">It is a simple method.</param>
/// <param name="Scores">Over its seeds.</param>
/// <param name="ByKnown">The same by how many events of a case were known: 1, 2 to 3, 4 to 7 and so on.</param>
/// <param name="PerSeed">Scores of each seed, in order; one of a simple method.</param>
/// <param name="BytesPerStream">Bytes of a stream's row at the end of the longest case; null for simple methods.</param>
public sealed record ActivityRow(string Name, bool IsSimple, ActivityEstimates Scores, IReadOnlyList<ActivityPoint> ByKnown,
    IReadOnlyList<ActivityScore> PerSeed, long? BytesPerStream);

/// <summary>Scores after some numbers of events.</summary>
/// <param name="From">Fewest events known.</param>
/// <param name="To">Most events known.</param>
/// <param name="Scores">Over the seeds.</param>
public sealed record ActivityPoint(int From, int To, ActivityEstimates Scores);

/// <summary>Figures of <see cref="ActivityScore"/> over seeds; null where the method says nothing of it, or nothing was there to be
/// scored.</summary>
public sealed record ActivityEstimates(Estimate? Accuracy, Estimate? LogLoss, Estimate? AccuracyTax, Estimate? AccuracyGoingOn,
    Estimate? LogLossOver, Estimate? GapError, Estimate? RemainingError)
{
    /// <summary>Means over seeds with their standard errors.</summary>
    public static ActivityEstimates Of(IReadOnlyList<ActivityScore> seeds)
    {
        Estimate? Figure(Func<ActivityScore, double?> figure) =>
            seeds.All(s => figure(s) is not null) ? Estimate.Of([.. seeds.Select(s => figure(s)!.Value)]) : null;
        return new ActivityEstimates(Figure(s => s.Accuracy), Figure(s => s.LogLoss), Figure(s => s.AccuracyTax),
            Figure(s => s.AccuracyGoingOn), Figure(s => s.LogLossOver), Figure(s => s.GapError), Figure(s => s.RemainingError));
    }
}
