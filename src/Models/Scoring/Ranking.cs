namespace Foretell.Models.Scoring;

/// <summary>How well probabilities put what came before what did not, whatever their level. Equal probabilities share their
/// ranks.</summary>
internal static class Ranking
{
    /// <summary>Area under the curve of true over false positives: how often one that came has a higher probability than one that did not,
    /// by ranks (Mann and Whitney, 1947). Null where all came, or none.</summary>
    public static double? Auc(IEnumerable<(double Probability, bool Came)> told)
    {
        double ranks = 0, seen = 0, came = 0;
        foreach (var equal in told.GroupBy(x => x.Probability).OrderBy(g => g.Key))
        {
            int count = equal.Count(), hits = equal.Count(x => x.Came);
            ranks += hits * (seen + (count + 1) / 2.0);
            (seen, came) = (seen + count, came + hits);
        }
        return came > 0 && came < seen ? (ranks - came * (came + 1) / 2) / (came * (seen - came)) : null;
    }

    /// <summary>Average precision: the share that came among the likeliest, at each that came, on the mean; ones of equal probability come
    /// together. Null where none came. Source: Salton, McGill, Introduction to Modern Information Retrieval, 1983, chapter 5.</summary>
    public static double? AveragePrecision(IEnumerable<(double Probability, bool Came)> told)
    {
        double sum = 0, seen = 0, came = 0;
        foreach (var equal in told.GroupBy(x => x.Probability).OrderByDescending(g => g.Key))
        {
            int hits = equal.Count(x => x.Came);
            (seen, came) = (seen + equal.Count(), came + hits);
            sum += hits * came / seen;
        }
        return came > 0 ? sum / came : null;
    }
}
