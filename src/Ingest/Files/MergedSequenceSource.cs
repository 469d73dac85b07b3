using System.Text;
using Foretell.Engine.Events;
using Foretell.Models.PointProcess;

namespace Foretell.Ingest.Files;

/// <summary>Events of a sequence file, all sequences merged in time order; events of one time come in line order.</summary>
internal sealed class MergedSequenceSource : EventSource
{
    private readonly string _path;
    private readonly double _timeUnitSeconds;
    private readonly List<(long Line, EventSequence Sequence)> _sequences;
    private readonly int[] _next;
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
        string mark = sequence.Marks?[_next[index]] ?? "";
        string? reason = batch.TryAdd(Encoding.UTF8.GetBytes(sequence.Id), due.Ticks, Encoding.UTF8.GetBytes(mark), default);
        if (reason is not null)
        {
            throw new EventFileException(_path, line, reason);
        }
        _next[index]++;
        Enqueue(index);
        return true;
    }

    private void Enqueue(int index)
    {
        (long line, EventSequence sequence) = _sequences[index];
        if (_next[index] == sequence.Times.Length)
        {
            return;
        }
        double seconds = sequence.Times[_next[index]] * _timeUnitSeconds;
        try
        {
            _queue.Enqueue(index, (EventTime.FromUnixSeconds(seconds), index));
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw new EventFileException(_path, line, FormattableString.Invariant(
                $"The time {sequence.Times[_next[index]]} of {_timeUnitSeconds} s each lies outside years 1 to 9999; is the time unit right?"), error);
        }
    }
}
