namespace Foretell.Models.Horizons;

/// <summary>T-mAP, temporal mean average precision: how well predictions that are ranked by a score find the events of a horizon.</summary>
/// <remarks>
/// In each horizon and for each mark, predictions are matched one to one to the events that came no further than delta from them
/// (<see cref="HorizonMatching"/>). All horizons' predictions of the mark are then ranked together: a matched one is right, any other
/// wrong, and an event without a prediction was missed. The mark's average precision is the area under precision over recall, and T-mAP its
/// mean over marks. Source: Karpukhin, Shipilov, Savchenko, "HoTPP Benchmark: Are We Good at the Long Horizon Events Forecasting?", 2024,
/// the section on T-mAP.
/// What the paper leaves open, as it is here: predictions of equal score enter the ranking at once, so their order does not matter; the
/// area is the sum of steps, precision at each score times the recall that it adds; marks that no event of any horizon has are left out,
/// since they have no recall.
/// </remarks>
/// <param name="delta">Times apart that still match, time units, 0 or more.</param>
internal sealed class TemporalPrecision(double delta)
{
    private readonly Dictionary<int, (List<(double Score, bool IsMatched)> Predictions, int Came)> _marks = [];

    /// <summary>Adds one horizon.</summary>
    /// <param name="predicted">Predictions in any order.</param>
    /// <param name="came">Events in any order.</param>
    public void Add(IEnumerable<RankedEvent> predicted, IEnumerable<HorizonEvent> came)
    {
        ILookup<int, RankedEvent> predictions = predicted.ToLookup(e => e.Mark);
        ILookup<int, HorizonEvent> events = came.ToLookup(e => e.Mark);
        foreach (int mark in predictions.Select(g => g.Key).Union(events.Select(g => g.Key)))
        {
            RankedEvent[] ranked = [.. predictions[mark].OrderByDescending(e => e.Score)];
            double[] times = [.. events[mark].Select(e => e.Time)];
            bool[] matched = HorizonMatching.Match(Array.ConvertAll(ranked, e => e.Time), times, delta);
            (List<(double, bool)> list, int before) = _marks.TryGetValue(mark, out var known) ? known : ([], 0);
            list.AddRange(ranked.Select((e, i) => (e.Score, matched[i])));
            _marks[mark] = (list, before + times.Length);
        }
    }

    /// <summary>Mean of the average precision over the marks of the events that came, 0 to 1; 0 where none came.</summary>
    public double Mean() => Occurring().Select(AveragePrecision).DefaultIfEmpty(0).Average();

    /// <summary>The same mean with each mark weighed by its events.</summary>
    public double WeightedMean() =>
        Occurring().Sum(m => m.Came * AveragePrecision(m)) / Math.Max(1, Occurring().Sum(m => (double)m.Came));

    private IEnumerable<(List<(double Score, bool IsMatched)> Predictions, int Came)> Occurring() =>
        _marks.OrderBy(m => m.Key).Select(m => m.Value).Where(m => m.Came > 0);

    private static double AveragePrecision((List<(double Score, bool IsMatched)> Predictions, int Came) mark)
    {
        double area = 0;
        int taken = 0, right = 0;
        foreach (var equal in mark.Predictions.GroupBy(p => p.Score).OrderByDescending(g => g.Key))
        {
            int more = equal.Count(p => p.IsMatched);
            taken += equal.Count();
            right += more;
            area += (double)right / taken * more / mark.Came;
        }
        return area;
    }
}
