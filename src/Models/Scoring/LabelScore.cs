namespace Foretell.Models.Scoring;

/// <summary>How well the kinds of streams were told after a number of events.</summary>
/// <param name="After">Events of each stream that were known; null for all. A shorter stream is judged at its last.</param>
/// <param name="Accuracy">Share of streams whose likeliest kind was right.</param>
/// <param name="LogLoss">Mean negative log probability of the right kind, nats.</param>
public sealed record LabelScore(int? After, double Accuracy, double LogLoss)
{
    /// <summary>Area under the curve of true over false positives: how often a stream of a kind has a higher probability of it than a
    /// stream of another; the mean over the kinds. Null where all streams are of one kind. Source: Hand, Till, Machine Learning 45, 2001,
    /// for one kind against all others.</summary>
    public double? Auc { get; init; }

    /// <summary>A probability counts as no less than this.</summary>
    private const double Least = 1e-12;

    /// <summary>Scores what was said of streams.</summary>
    /// <param name="streams">Each stream's label, and what was said of it after each event. Shape of the latter [n][labels].</param>
    /// <param name="labels">The kinds, in the order of the probabilities.</param>
    /// <param name="after">Events known; null for all.</param>
    /// <exception cref="ArgumentException">There is no stream.</exception>
    public static LabelScore Of(IReadOnlyList<(string Label, double[][] Said)> streams, IReadOnlyList<string> labels, int? after)
    {
        if (streams.Count == 0)
        {
            throw new ArgumentException("Scoring needs at least one stream with a label.", nameof(streams));
        }
        int right = 0;
        double loss = 0;
        var told = new List<(int Truth, double[] Said)>(streams.Count);
        foreach ((string label, double[][] said) in streams)
        {
            double[] p = said[Math.Min(after ?? said.Length, said.Length) - 1];
            int truth = labels.TakeWhile(l => l != label).Count();
            told.Add((truth, p));
            right += Array.IndexOf(p, p.Max()) == truth ? 1 : 0;
            loss -= Math.Log(Math.Max(Least, truth < p.Length ? p[truth] : 0));
        }
        return new LabelScore(after, (double)right / streams.Count, loss / streams.Count) { Auc = MeanAuc(told, labels.Count) };
    }

    private static double? MeanAuc(List<(int Truth, double[] Said)> told, int kinds)
    {
        double[] areas = [.. Enumerable.Range(0, kinds)
            .Select(kind => Ranking.Auc(told.Select(x => (x.Said[kind], x.Truth == kind)))).OfType<double>()];
        return areas.Length == 0 ? null : areas.Average();
    }
}
