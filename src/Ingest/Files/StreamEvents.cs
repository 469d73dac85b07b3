using Foretell.Engine.Events;
using Foretell.Models.PointProcess;

namespace Foretell.Ingest.Files;

/// <summary>What an event file has of one stream, on its way to a sequence.</summary>
internal sealed class StreamEvents
{
    private readonly List<(long Ticks, string Mark)> _events = [];
    // Each as long as the events up to the latest that has the value; NaN where one has not.
    private readonly Dictionary<string, List<double>> _values = [];
    private (long Ticks, string Text)? _label;

    /// <summary>Adds an event.</summary>
    /// <param name="record">The event.</param>
    /// <param name="pool">For its mark and the names of its values.</param>
    /// <returns>Numbers that are kept for it: one for each value that the stream's events have, and for one that is new one for each event
    /// before.</returns>
    public long Add(LogRecord record, TextPool pool)
    {
        long kept = _values.Count;
        for (ReadOnlySpan<byte> rest = record.Values; EventValues.TryRead(ref rest, out ReadOnlySpan<byte> name, out double value);)
        {
            string text = pool.Get(name);
            if (!_values.TryGetValue(text, out List<double>? column))
            {
                _values.Add(text, column = []);
                kept += _events.Count + 1;
            }
            Fill(column, _events.Count);
            column.Add(value);
        }
        _events.Add((record.TimeTicks, pool.Get(record.Mark)));
        return kept;
    }

    /// <summary>Adds a label; of several the latest holds, of one time the last.</summary>
    public void AddLabel(LogRecord record, TextPool pool)
    {
        if (_label is null || record.TimeTicks >= _label.Value.Ticks)
        {
            _label = (record.TimeTicks, pool.Get(record.Mark));
        }
    }

    /// <summary>The sequence: sorted by time, events of one time in the file's order.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="originTicks">From when its times count.</param>
    /// <param name="timeUnitSeconds">Seconds in one unit of them.</param>
    /// <param name="marked">Whether the file's events have marks.</param>
    public EventSequence ToSequence(string stream, long originTicks, double timeUnitSeconds, bool marked)
    {
        // OrderBy is stable.
        int[] order = [.. Enumerable.Range(0, _events.Count).OrderBy(i => _events[i].Ticks)];
        double[] times = Array.ConvertAll(order, i => EventTime.SecondsBetween(originTicks, _events[i].Ticks) / timeUnitSeconds);
        return new EventSequence(stream, times, marked ? Array.ConvertAll(order, i => _events[i].Mark) : null)
        {
            Values = _values.Count == 0 ? null
                : _values.ToDictionary(v => v.Key, v => Array.ConvertAll(order, i => i < v.Value.Count ? v.Value[i] : double.NaN)),
            Label = _label?.Text,
        };
    }

    private static void Fill(List<double> column, int count)
    {
        while (column.Count < count)
        {
            column.Add(double.NaN);
        }
    }
}
