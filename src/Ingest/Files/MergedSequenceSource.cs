using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Models.PointProcess;

namespace Foretell.Ingest.Files;

/// <summary>Events of a sequence file, all sequences merged in time order; events of one time come in line order. A sequence's label
/// comes right behind its last event.</summary>
internal sealed class MergedSequenceSource : EventSource
{
    private static readonly Dictionary<string, double[]> s_none = [];

    private readonly string _path;
    private readonly double _timeUnitSeconds;
    private readonly List<(long Line, EventSequence Sequence)> _sequences;
    private readonly int[] _next;
    private readonly EventValues _values = new();
    private readonly PriorityQueue<int, (long Ticks, int Index)> _queue = new();

    /// <param name="path">The file, for errors.</param>
    /// <param name="sequences">Sequences with their lines. Times in units.</param>
    /// <param name="timeUnitSeconds">Seconds a unit.</param>
    public MergedSequenceSource(string path, List<(long Line, EventSequence Sequence)> sequences, double timeUnitSeconds)
    {
        _path = path;
        _sequences = sequences;
        _timeUnitSeconds = timeUnitSeconds;
        _next = new int[sequences.Count];
        for (int i = 0; i < sequences.Count; i++)
        {
            Enqueue(i);
        }
    }

    /// <inheritdoc/>
    public override bool TryAddNext(EventBatch batch)
    {
        if (!_queue.TryDequeue(out int index, out (long Ticks, int Index) due))
        {
            return false;
        }
        (long line, EventSequence sequence) = _sequences[index];
        byte[] stream = Encoding.UTF8.GetBytes(sequence.Id);
        int at = _next[index];
        string? reason = at == sequence.Times.Length
            ? batch.TryAddLabel(stream, due.Ticks, Encoding.UTF8.GetBytes(sequence.Label!), default)
            : ReadValues(sequence, at)
                ?? batch.TryAdd(stream, due.Ticks, Encoding.UTF8.GetBytes(sequence.Marks?[at] ?? ""), default, _values.Encoded);
        if (reason is not null)
        {
            throw new EventFileException(_path, line, reason);
        }
        _next[index]++;
        Enqueue(index);
        return true;
    }

    private string? ReadValues(EventSequence sequence, int at)
    {
        _values.Clear();
        foreach ((string name, double[] column) in sequence.Values ?? s_none)
        {
            if (!double.IsNaN(column[at]) && _values.TryAdd(Encoding.UTF8.GetBytes(name), column[at]) is { } reason)
            {
                return $"'{VisibleText.Of(name)}' of 'v', at index {at}: {reason}";
            }
        }
        return null;
    }

    private void Enqueue(int index)
    {
        (long line, EventSequence sequence) = _sequences[index];
        int events = sequence.Times.Length, last = Math.Min(_next[index], events - 1);
        if (events == 0 || _next[index] == events + (sequence.Label is null ? 0 : 1))
        {
            return;
        }
        double seconds = sequence.Times[last] * _timeUnitSeconds;
        try
        {
            _queue.Enqueue(index, (EventTime.FromUnixSeconds(seconds), index));
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw new EventFileException(_path, line, FormattableString.Invariant(
                $"The time {sequence.Times[last]} of {_timeUnitSeconds} s each lies outside years 1 to 9999; is the time unit right?"), error);
        }
    }
}
