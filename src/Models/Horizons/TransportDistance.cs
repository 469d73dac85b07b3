namespace Foretell.Models.Horizons;

/// <summary>Optimal transport distance of two sets of events: the least cost of turning one into the other.</summary>
/// <remarks>
/// An event is moved to one of the same mark for the time between them, or inserted, or deleted, for a fixed cost each. So two are paired
/// only where they are less than twice that cost apart, and the distance is a metric: each event is transported to one of the other set or
/// to nowhere. On a line moves never need to cross, so one mark's distance is an edit distance over the sorted times.
/// Sources: Mei, Qin, Eisner, "Imputing Missing Events in Continuous-Time Event Streams", ICML 2019, their loss metric and its alignment by
/// dynamic programming; Karpukhin, Shipilov, Savchenko, "HoTPP Benchmark", 2024, who compare the next K events of both. Here both sets are
/// those of a horizon, however many they are: K events of a slow stream lie far beyond it.
/// </remarks>
internal static class TransportDistance
{
    /// <summary>The distance, time units.</summary>
    /// <param name="one">Events in any order.</param>
    /// <param name="other">Events in any order.</param>
    /// <param name="cost">Cost of inserting or deleting an event, time units, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The cost is not above 0.</exception>
    public static double Of(IEnumerable<HorizonEvent> one, IEnumerable<HorizonEvent> other, double cost)
    {
        if (!(cost > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(cost), cost, $"Inserting an event must cost more than 0, got {cost}.");
        }
        ILookup<int, double> left = one.ToLookup(e => e.Mark, e => e.Time), right = other.ToLookup(e => e.Mark, e => e.Time);
        return left.Select(g => g.Key).Union(right.Select(g => g.Key))
            .Sum(mark => OfOneMark([.. left[mark].Order()], [.. right[mark].Order()], cost));
    }

    private static double OfOneMark(double[] one, double[] other, double cost)
    {
        // Distance of the events so far of one to the first j of the other.
        double[] upTo = [.. Enumerable.Range(0, other.Length + 1).Select(j => j * cost)];
        foreach (double time in one)
        {
            double diagonal = upTo[0];
            upTo[0] += cost;
            for (int j = 1; j <= other.Length; j++)
            {
                double moved = diagonal + Math.Abs(time - other[j - 1]);
                diagonal = upTo[j];
                upTo[j] = Math.Min(moved, Math.Min(upTo[j], upTo[j - 1]) + cost);
            }
        }
        return upTo[^1];
    }
}
