using Foretell.Models.PointProcess;

namespace Foretell.Models.Activities;

/// <summary>A simple method: gaps and remaining times behind the events of training that were like this one.</summary>
internal sealed class ActivityTimes
{
    private readonly Func<EventSequence, int, string> _kind;
    private readonly Dictionary<string, TypicalTimes> _known;
    private readonly TypicalTimes _all;

    /// <param name="train">Whole cases.</param>
    /// <param name="kind">By which an event of a case, given by its index, is like others.</param>
    public ActivityTimes(IReadOnlyList<EventSequence> train, Func<EventSequence, int, string> kind)
    {
        _kind = kind;
        (string Kind, double? Gap, double Remaining)[] events = [.. train.SelectMany(one => one.Times.Select((time, i) => (kind(one, i),
            i + 1 < one.Times.Length ? one.Times[i + 1] - time : (double?)null, one.Times[^1] - time)))];
        _all = Typical(events, null);
        _known = events.GroupBy(e => e.Kind).ToDictionary(g => g.Key, g => Typical(g, _all.MedianGap));
    }

    /// <summary>After each event, what followed those like it; what followed all where train has none like it. Shape [n].</summary>
    public IReadOnlyList<TypicalTimes> Predict(EventSequence one) =>
        [.. one.Times.Select((_, i) => _known.GetValueOrDefault(_kind(one, i), _all))];

    private static TypicalTimes Typical(IEnumerable<(string Kind, double? Gap, double Remaining)> events, double? otherwise) =>
        new(Median(events.Select(e => e.Gap).OfType<double>()) ?? otherwise, Median(events.Select(e => e.Remaining))!.Value,
            events.Average(e => e.Remaining));

    private static double? Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>Times behind events that are alike, time units.</summary>
/// <param name="MedianGap">Median of the gaps to the next event; null where none of training followed any.</param>
/// <param name="MedianRemaining">Median of the times to the case's last event.</param>
/// <param name="MeanRemaining">Their mean.</param>
internal sealed record TypicalTimes(double? MedianGap, double MedianRemaining, double MeanRemaining);
