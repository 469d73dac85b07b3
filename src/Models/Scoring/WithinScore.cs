namespace Foretell.Models.Scoring;

/// <summary>How well it was told whether an event of a mark comes within a horizon.</summary>
/// <param name="Mark">The mark; null for all of them together.</param>
/// <param name="Questions">How often it was asked.</param>
/// <param name="Came">How often one came.</param>
/// <param name="Expected">How often one was to come: the sum of the probabilities.</param>
/// <param name="Auc">Area under the curve of true over false positives; null where all came, or none.</param>
/// <param name="AveragePrecision">Area under precision over recall; null where none came.</param>
/// <param name="LogLoss">Mean negative log probability of what was, nats.</param>
public sealed record WithinScore(string? Mark, long Questions, long Came, double Expected, double? Auc, double? AveragePrecision,
    double LogLoss)
{
    /// <summary>A probability counts as no less than this, and as no more than one less this.</summary>
    private const double Least = 1e-6;

    /// <summary>Scores probabilities.</summary>
    internal static WithinScore Of(string? mark, IReadOnlyList<(double Probability, bool Came)> told) =>
        new(mark, told.Count, told.Count(x => x.Came), told.Sum(x => x.Probability), Ranking.Auc(told), Ranking.AveragePrecision(told),
            told.Count == 0 ? 0 : -told.Average(x => Math.Log(Math.Clamp(x.Came ? x.Probability : 1 - x.Probability, Least, 1 - Least))));
}

/// <summary>Whether marks come within a horizon, asked again and again: a model beside the streams' own rates.</summary>
/// <param name="Horizon">Time units.</param>
/// <param name="Every">From one question to the next, time units.</param>
/// <param name="From">The first question.</param>
/// <param name="To">The last: its horizon ends no later than the observation.</param>
/// <param name="Model">Each mark, and all of them together where there are several.</param>
/// <param name="OwnRate">The same of a Poisson process by what the stream has had of the mark so far, with one event of all streams'
/// rate in front.</param>
public sealed record WithinEvaluation(double Horizon, double Every, double From, double To, IReadOnlyList<WithinScore> Model,
    IReadOnlyList<WithinScore> OwnRate);
