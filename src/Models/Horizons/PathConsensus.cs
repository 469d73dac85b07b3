namespace Foretell.Models.Horizons;

/// <summary>What sampled paths agree on: events that many of them have at about the same time.</summary>
/// <remarks>
/// Mark by mark: the stretch of twice delta in which most paths have an event becomes a prediction at its middle, with the share of
/// these paths as its score, which is the probability, by the sample, that an event comes within delta of it. One event of each of them is
/// then spoken for, and the search goes on with what is left. So a score tells how likely a prediction is to be matched, beside those
/// before it, and that is the order that T-mAP asks for.
/// An event is part of the single sequence where that makes it nearer to the paths in the mean: with probability p of a match that is m
/// off, naming it saves p (2 cost - m) and costs one cost. It then lies at the median of the events that it stands for. The idea of one
/// sequence of low Bayes risk from many sampled ones is that of Mei, Qin, Eisner, ICML 2019; they search it by alignment, event by event.
/// </remarks>
internal static class PathConsensus
{
    /// <summary>Predictions of one mark at most.</summary>
    private const int MostOfAMark = 32;

    /// <summary>The forecast of a horizon.</summary>
    /// <param name="paths">Events of each path, in order of time. One path or more.</param>
    /// <param name="delta">Times apart that still match, time units.</param>
    /// <param name="cost">Cost of inserting or deleting an event, time units.</param>
    public static HorizonForecast Of(IReadOnlyList<IReadOnlyList<HorizonEvent>> paths, double delta, double cost)
    {
        List<RankedEvent> ranked = [];
        List<HorizonEvent> sequence = [];
        foreach (var mark in paths.SelectMany((path, i) => path.Select(e => (e.Mark, e.Time, Path: i))).GroupBy(e => e.Mark)
            .OrderBy(g => g.Key))
        {
            List<(double Time, int Path)> left = [.. mark.Select(e => (e.Time, e.Path)).Order()];
            for (int i = 0; i < MostOfAMark && left.Count > 0; i++)
            {
                double[] claimed = Claim(left, Densest(left, paths.Count, delta) + delta, delta);
                double share = (double)claimed.Length / paths.Count, median = claimed[claimed.Length / 2];
                ranked.Add(new RankedEvent((claimed[0] + claimed[^1]) / 2, mark.Key, share));
                if (share * (2 * cost - claimed.Average(t => Math.Min(Math.Abs(t - median), 2 * cost))) > cost)
                {
                    sequence.Add(new HorizonEvent(median, mark.Key));
                }
            }
        }
        return new HorizonForecast(ranked, sequence);
    }

    /// <summary>Start of the stretch of twice delta that most paths have an event in; of several the first.</summary>
    private static double Densest(List<(double Time, int Path)> events, int paths, double delta)
    {
        var inside = new int[paths];
        int distinct = 0, most = 0, end = 0;
        double best = 0;
        foreach ((double start, int path) in events)
        {
            for (; end < events.Count && events[end].Time - start <= 2 * delta; end++)
            {
                distinct += inside[events[end].Path]++ == 0 ? 1 : 0;
            }
            if (distinct > most)
            {
                (most, best) = (distinct, start);
            }
            distinct -= --inside[path] == 0 ? 1 : 0;
        }
        return best;
    }

    /// <summary>Takes from each path its event nearest to a time and no further than delta, and returns their times in order.</summary>
    private static double[] Claim(List<(double Time, int Path)> events, double middle, double delta)
    {
        // Rounding may put an end of the stretch a little further off than delta.
        double reach = delta * (1 + 1e-12) + 1e-12 * Math.Abs(middle);
        var claimed = new HashSet<(double, int)>(events.Where(e => Math.Abs(e.Time - middle) <= reach).GroupBy(e => e.Path)
            .Select(own => own.MinBy(e => Math.Abs(e.Time - middle))));
        double[] times = [.. claimed.Select(e => e.Item1).Order()];
        // Ties: of equal events of a path one is claimed.
        events.RemoveAll(claimed.Remove);
        return times;
    }
}
