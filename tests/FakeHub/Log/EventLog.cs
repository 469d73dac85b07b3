using System.Runtime.InteropServices;

namespace Foretell.FakeHub.Log;

/// <summary>Events of one partition, encoded one behind the other in chunks, so that a million small ones cost little more than their
/// bytes. Not safe for use by several threads at once; the bytes handed out never change.</summary>
internal sealed class EventLog
{
    private const int SmallestChunk = 4 * 1024, LargestChunk = 1024 * 1024;

    private readonly List<StoredEvent> _events = [];
    private byte[] _chunk = [];
    private int _used;
    private long _offset;

    public int Count => _events.Count;

    public StoredEvent this[int index] => _events[index];

    /// <summary>Offset of the event to come, bytes.</summary>
    public long NextOffset => _offset;

    /// <param name="enqueuedTime">Milliseconds since 1970, not before the last event's.</param>
    public void Append(long sequenceNumber, long enqueuedTime, ReadOnlySpan<byte> encoded)
    {
        if (_chunk.Length - _used < encoded.Length)
        {
            // Chunks grow with the log: hubs of a few events are many in tests.
            int size = Math.Clamp(2 * _chunk.Length, SmallestChunk, LargestChunk);
            (_chunk, _used) = (new byte[Math.Max(size, encoded.Length)], 0);
        }
        encoded.CopyTo(_chunk.AsSpan(_used));
        _events.Add(new StoredEvent(sequenceNumber, _offset, enqueuedTime, new ArraySegment<byte>(_chunk, _used, encoded.Length)));
        _used += encoded.Length;
        _offset += encoded.Length;
    }

    /// <summary>Index of the first event that the log's order lets through; <see cref="Count"/> if there is none.</summary>
    /// <param name="isIn">False for the events in front of it, true from it on.</param>
    public int First(Func<StoredEvent, bool> isIn)
    {
        int low = 0, high = _events.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = isIn(_events[middle]) ? (low, middle) : (middle + 1, high);
        }
        return low;
    }

    /// <summary>Copies events from a sequence number on.</summary>
    /// <returns>Number of events copied.</returns>
    public int Read(long sequenceNumber, Span<StoredEvent> into)
    {
        if (_events.Count == 0 || sequenceNumber > _events[^1].SequenceNumber)
        {
            return 0;
        }
        // Without holes in the numbers the place is known.
        long guess = Math.Max(0, sequenceNumber - _events[0].SequenceNumber);
        int from = guess < _events.Count && _events[(int)guess].SequenceNumber == Math.Max(sequenceNumber, _events[0].SequenceNumber)
            ? (int)guess
            : First(stored => stored.SequenceNumber >= sequenceNumber);
        int count = Math.Min(into.Length, _events.Count - from);
        CollectionsMarshal.AsSpan(_events).Slice(from, count).CopyTo(into);
        return count;
    }

    /// <summary>Removes the events in front of a sequence number.</summary>
    public void TrimBefore(long sequenceNumber) => _events.RemoveRange(0, First(stored => stored.SequenceNumber >= sequenceNumber));

    /// <summary>Removes events at the end.</summary>
    /// <returns>Number of the first one removed, or null if none was.</returns>
    public long? RemoveLast(int count)
    {
        int kept = Math.Max(0, _events.Count - count);
        long? first = kept < _events.Count ? _events[kept].SequenceNumber : null;
        _events.RemoveRange(kept, _events.Count - kept);
        return first;
    }

    /// <summary>Removes everything; offsets begin at 0 again.</summary>
    public void Clear()
    {
        _events.Clear();
        (_chunk, _used, _offset) = ([], 0, 0);
    }
}
