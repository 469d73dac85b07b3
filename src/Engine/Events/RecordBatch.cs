using System.Buffers.Binary;

namespace Foretell.Engine.Events;

/// <summary>Records of one partition on their way from the log to a shard: contiguous sequence numbers, encoded bytes, append
/// times.</summary>
/// <remarks>Reusable: <see cref="Clear"/> keeps the memory. Not thread-safe.</remarks>
public sealed class RecordBatch
{
    private byte[] _bytes = new byte[4096];
    private int[] _ends = new int[64];
    private long[] _appendTicks = new long[64];

    /// <summary>Records in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Sequence number of the first record.</summary>
    public long FirstSequence { get; private set; } = 1;

    /// <summary>Sequence number of the last record; <c>FirstSequence - 1</c> when empty.</summary>
    public long LastSequence => FirstSequence + Count - 1;

    /// <summary>Which of the records somebody traces.</summary>
    public RecordTraces Traces { get; } = new();

    /// <summary>Record <paramref name="index"/>.</summary>
    public LogRecord this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            int start = index == 0 ? 0 : _ends[index - 1];
            return new LogRecord(_bytes.AsSpan(start, _ends[index] - start));
        }
    }

    /// <summary>When record <paramref name="index"/> was appended (<see cref="EventTime"/>).</summary>
    public long AppendTicks(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _appendTicks[index];
    }

    /// <summary>Removes every record; the next one added has sequence number <paramref name="firstSequence"/>.</summary>
    public void Clear(long firstSequence)
    {
        (Count, FirstSequence) = (0, firstSequence);
        Traces.Clear();
    }

    /// <summary>Adds the next record.</summary>
    public void Add(ReadOnlySpan<byte> record, long appendTicks)
    {
        int start = Count == 0 ? 0 : _ends[Count - 1];
        if (_bytes.Length - start < record.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, start + record.Length));
        }
        if (_ends.Length == Count)
        {
            Array.Resize(ref _ends, Count * 2);
            Array.Resize(ref _appendTicks, Count * 2);
        }
        record.CopyTo(_bytes.AsSpan(start));
        _appendTicks[Count] = appendTicks;
        _ends[Count++] = start + record.Length;
    }

    /// <summary>The records on their way to another process: every append time i64, then every record; little-endian
    /// (docs/formats.md).</summary>
    public byte[] Encode()
    {
        int recordBytes = Count == 0 ? 0 : _ends[Count - 1], timeBytes = Count * sizeof(long);
        byte[] encoded = GC.AllocateUninitializedArray<byte>(timeBytes + recordBytes);
        for (int i = 0; i < Count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(encoded.AsSpan(i * sizeof(long)), _appendTicks[i]);
        }
        _bytes.AsSpan(0, recordBytes).CopyTo(encoded.AsSpan(timeBytes));
        return encoded;
    }

    /// <summary>Replaces the content by what <see cref="Encode"/> made.</summary>
    /// <param name="encoded">The bytes; copied.</param>
    /// <param name="firstSequence">Sequence number of the first record.</param>
    /// <param name="count">Records.</param>
    /// <exception cref="InvalidDataException">The bytes do not hold that many records exactly.</exception>
    public void Decode(ReadOnlySpan<byte> encoded, long firstSequence, long count)
    {
        Clear(firstSequence);
        if (count < 0 || encoded.Length / sizeof(long) < count || firstSequence < 0 || firstSequence > long.MaxValue - count)
        {
            throw Malformed(encoded.Length, firstSequence, count, "they are too few");
        }
        int timeBytes = (int)count * sizeof(long);
        ReadOnlySpan<byte> times = encoded[..timeBytes], records = encoded[timeBytes..];
        for (; !times.IsEmpty; times = times[sizeof(long)..])
        {
            long appendTicks = BinaryPrimitives.ReadInt64LittleEndian(times);
            if (LogRecord.Check(records, out int length) is { } damage)
            {
                throw Malformed(encoded.Length, firstSequence, count, $"a record is {damage}");
            }
            if (!EventTime.IsValid(appendTicks))
            {
                throw Malformed(encoded.Length, firstSequence, count, $"a record was appended at {appendTicks}, outside years 1 to 9999");
            }
            Add(records[..length], appendTicks);
            records = records[length..];
        }
        if (!records.IsEmpty)
        {
            throw Malformed(encoded.Length, firstSequence, count, $"{records.Length} bytes are left");
        }
    }

    private static InvalidDataException Malformed(int bytes, long first, long count, string why) =>
        new($"{bytes} bytes of a batch do not hold exactly {count} records from {first} on: {why}.");
}
