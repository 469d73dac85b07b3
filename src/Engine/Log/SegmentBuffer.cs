using System.Diagnostics;
using Foretell.Engine.Events;

namespace Foretell.Engine.Log;

/// <summary>The records that one transaction adds to one partition, behind that partition's end.</summary>
public sealed class SegmentBuffer
{
    // A larger buffer is let go of once it was written: one huge append must not be paid for until the end.
    private const int KeptBytes = 4 << 20;

    private byte[] _bytes = [];
    private readonly RecordTraces _traces = new();
    private int _length;

    /// <summary>Where the partition ends without these records.</summary>
    public LogEnd End { get; set; }

    /// <summary>Records.</summary>
    public int Count { get; private set; }

    /// <summary>How many of them are events.</summary>
    public int Events { get; private set; }

    /// <summary>Encoded records, one behind the other.</summary>
    public ReadOnlyMemory<byte> Records => _bytes.AsMemory(0, _length);

    /// <summary>Traces of the appends that are sampled (<see cref="RecordTraces"/>), counted from the first record; null when
    /// there are none.</summary>
    public byte[]? Traces => _traces.Encode(origin: 0);

    /// <summary>Where the partition ends once these records, appended at a time, are durable.</summary>
    public LogEnd EndBehind(long appendTicks) => new(End.Sequence + Count, End.Events + Events, appendTicks);

    public void Add(ReadOnlySpan<byte> records, int count, int events, ActivityContext? trace = null)
    {
        if (trace is { } parent)
        {
            _traces.Add(new RecordTrace(Count, Count + count - 1, parent));
        }
        if (_bytes.Length - _length < records.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + records.Length));
        }
        records.CopyTo(_bytes.AsSpan(_length));
        _length += records.Length;
        Count += count;
        Events += events;
    }

    /// <summary>Empties the buffer and keeps its memory, up to 4 MiB.</summary>
    public void Clear()
    {
        if (_bytes.Length > KeptBytes)
        {
            _bytes = [];
        }
        (_length, Count, Events) = (0, 0, 0);
        _traces.Clear();
    }
}
