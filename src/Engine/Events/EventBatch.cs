using System.Globalization;
using System.Text;

namespace Foretell.Engine.Events;

/// <summary>Events on their way to the log, already in the log's record format, in the order they were added.</summary>
/// <remarks>Reusable: <see cref="Clear"/> keeps the memory. Not thread-safe.</remarks>
public sealed class EventBatch
{
    /// <summary>Longest stream key, mark and id, bytes of UTF-8.</summary>
    public const int MaxTextBytes = 256;

    private const int MaxReason = 1024;

    private byte[] _records = new byte[4096];
    private int[] _ends = new int[64];
    private byte[] _prefix = [];

    /// <summary>How the key of each stream must begin; empty for any. <see cref="Clear"/> keeps it.</summary>
    public string StreamPrefix
    {
        get => Encoding.UTF8.GetString(_prefix);
        set => _prefix = Encoding.UTF8.GetBytes(value);
    }

    /// <summary>Events in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Encoded records, one behind the other (docs/formats.md).</summary>
    public ReadOnlySpan<byte> Records => _records.AsSpan(0, Count == 0 ? 0 : _ends[Count - 1]);

    /// <summary>The encoded record of event <paramref name="index"/>.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            int start = index == 0 ? 0 : _ends[index - 1];
            return _records.AsSpan(start, _ends[index] - start);
        }
    }

    /// <summary>Adds one event.</summary>
    /// <param name="stream">Stream key, UTF-8, 1 to 256 bytes.</param>
    /// <param name="timeTicks">Event time (<see cref="EventTime"/>).</param>
    /// <param name="mark">Mark, UTF-8, at most 256 bytes; empty for none. An integer mark is its decimal text.</param>
    /// <param name="id">Event id, UTF-8, at most 256 bytes; empty for none.</param>
    /// <param name="values">The event's numbers (<see cref="EventValues.Encoded"/>); empty for none.</param>
    /// <returns>Null when added, else the reason why not, a sentence for the sender.</returns>
    /// <exception cref="ArgumentException">The values are not what <see cref="EventValues"/> encodes.</exception>
    public string? TryAdd(ReadOnlySpan<byte> stream, long timeTicks, ReadOnlySpan<byte> mark, ReadOnlySpan<byte> id,
        ReadOnlySpan<byte> values = default)
    {
        if (!IsGood(stream, timeTicks, mark, id))
        {
            return WhyNot(stream, mark, id, "Mark");
        }
        if (!values.IsEmpty)
        {
            CheckValues(values);
        }
        Add(LogRecordKind.Event, timeTicks, stream, mark, id, values);
        return null;
    }

    /// <summary>Adds what somebody says came of a stream: an event of its own kind, without a mark.</summary>
    /// <param name="stream">Stream key, UTF-8, 1 to 256 bytes.</param>
    /// <param name="timeTicks">When it was so (<see cref="EventTime"/>).</param>
    /// <param name="label">The label, UTF-8, 1 to 256 bytes. An integer label is its decimal text.</param>
    /// <param name="id">Event id, UTF-8, at most 256 bytes; empty for none.</param>
    /// <returns>Null when added, else the reason why not, a sentence for the sender.</returns>
    public string? TryAddLabel(ReadOnlySpan<byte> stream, long timeTicks, ReadOnlySpan<byte> label, ReadOnlySpan<byte> id)
    {
        if (label.IsEmpty)
        {
            return $"Label must be 1 to {MaxTextBytes} bytes of UTF-8, got 0.";
        }
        if (!IsGood(stream, timeTicks, label, id))
        {
            return WhyNot(stream, label, id, "Label");
        }
        Add(LogRecordKind.Label, timeTicks, stream, label, id);
        return null;
    }

    /// <summary>Adds an event or a label of another batch, as it is there.</summary>
    /// <param name="record">The other batch's record (<see cref="this[int]"/>).</param>
    public void Add(ReadOnlySpan<byte> record) => record.CopyTo(Take(record.Length));

    /// <summary>Adds a source's message that no event can be read from: it becomes a dead letter.</summary>
    /// <param name="partition">The source and its partition, such as "events/3".</param>
    /// <param name="timeTicks">When the broker took the message.</param>
    /// <param name="reason">One sentence; cut behind 1,024 characters.</param>
    /// <param name="number">The message's number.</param>
    public void AddUnreadable(string partition, long timeTicks, string reason, long number) =>
        Add(LogRecordKind.Unreadable, Math.Clamp(timeTicks, EventTime.Min, EventTime.Max), Encoding.UTF8.GetBytes(partition),
            Encoding.UTF8.GetBytes(reason.Length > MaxReason ? reason[..MaxReason] : reason),
            Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Removes every event.</summary>
    public void Clear() => Count = 0;

    /// <summary>Removes the events behind the first <paramref name="count"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The batch holds fewer events.</exception>
    public void Truncate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)Count, nameof(count));
        Count = count;
    }

    private bool IsGood(ReadOnlySpan<byte> stream, long timeTicks, ReadOnlySpan<byte> mark, ReadOnlySpan<byte> id) =>
        stream.Length is > 0 and <= MaxTextBytes && stream.StartsWith(_prefix) && mark.Length <= MaxTextBytes && id.Length <= MaxTextBytes
        && EventTime.IsValid(timeTicks);

    /// <summary>A sentence for the sender of an event that is not good.</summary>
    private string WhyNot(ReadOnlySpan<byte> stream, ReadOnlySpan<byte> mark, ReadOnlySpan<byte> id, string what) =>
        stream.Length is 0 or > MaxTextBytes ? $"Stream must be 1 to {MaxTextBytes} bytes of UTF-8, got {stream.Length}."
        : !stream.StartsWith(_prefix) ? $"Stream must begin with '{StreamPrefix}': the sender may write no other."
        : mark.Length > MaxTextBytes ? $"{what} must be at most {MaxTextBytes} bytes of UTF-8, got {mark.Length}."
        : id.Length > MaxTextBytes ? $"Id must be at most {MaxTextBytes} bytes of UTF-8, got {id.Length}."
        : "Time must lie within years 1 to 9999.";

    private static void CheckValues(ReadOnlySpan<byte> values)
    {
        if (EventValues.Check(values, out int length) is { } damage || length != values.Length)
        {
            throw new ArgumentException("The values make a record that nobody could read again: expected what EventValues encodes, whole.",
                nameof(values));
        }
    }

    private void Add(LogRecordKind kind, long timeTicks, ReadOnlySpan<byte> key, ReadOnlySpan<byte> mark, ReadOnlySpan<byte> id,
        ReadOnlySpan<byte> values = default)
    {
        Span<byte> record = Take(LogRecord.LengthOf(key, mark, id, values));
        LogRecord.Write(record, kind, timeTicks, key, mark, id, values);
    }

    /// <summary>Room for one more record.</summary>
    private Span<byte> Take(int length)
    {
        int start = Records.Length;
        if (_records.Length - start < length)
        {
            Array.Resize(ref _records, Math.Max(_records.Length * 2, start + length));
        }
        if (_ends.Length == Count)
        {
            Array.Resize(ref _ends, Count * 2);
        }
        _ends[Count++] = start + length;
        return _records.AsSpan(start, length);
    }
}
