using System.Buffers.Binary;

namespace Foretell.Engine.Events;

/// <summary>What a log record says.</summary>
public enum LogRecordKind : byte
{
    /// <summary>Something happened on a stream.</summary>
    Event = 1,

    /// <summary>From here on another rule holds (event-time policy, model); met at the same place by every replay.</summary>
    Control = 2,

    /// <summary>A source's message, or a part of it, that no event can be read from: a dead letter from the beginning.</summary>
    Unreadable = 3,

    /// <summary>Somebody said what came of a stream.</summary>
    Label = 4,
}

/// <summary>
/// A view of one encoded record, and the one place that knows its layout: version and kind u8 (version in the high four bits),
/// time i64, key length u16, mark length u16, id length u16, key, mark, id; little-endian. In version 1 the values stand behind the id
/// (<see cref="EventValues"/>); a record without any is of version 0.
/// </summary>
/// <remarks>A control record's key is its name and its mark field holds its value; an unreadable one's key is its source's partition, its
/// mark field the reason and its id the message's number; a label's mark field is the label (docs/formats.md).</remarks>
public readonly ref struct LogRecord(ReadOnlySpan<byte> bytes)
{
    /// <summary>Latest version of a record that this program reads and writes. It reads the earlier ones, too.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Bytes before the key: no record is shorter.</summary>
    public const int HeaderBytes = 15;

    private const int WithValues = 1;
    private const int TimeAt = 1, KeyLengthAt = 9, MarkLengthAt = 11, IdLengthAt = 13;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Version of the layout.</summary>
    public int Version => _bytes[0] >> 4;

    /// <summary>What the record says.</summary>
    public LogRecordKind Kind => (LogRecordKind)(_bytes[0] & 0x0F);

    /// <summary>Event time in ticks (<see cref="EventTime"/>).</summary>
    public long TimeTicks => BinaryPrimitives.ReadInt64LittleEndian(_bytes[TimeAt..]);

    private int KeyLength => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[KeyLengthAt..]);
    private int MarkLength => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[MarkLengthAt..]);
    private int IdLength => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[IdLengthAt..]);
    private int TextsEnd => HeaderBytes + KeyLength + MarkLength + IdLength;

    /// <summary>Stream key, UTF-8.</summary>
    public ReadOnlySpan<byte> Key => _bytes.Slice(HeaderBytes, KeyLength);

    /// <summary>Mark, UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> Mark => _bytes.Slice(HeaderBytes + KeyLength, MarkLength);

    /// <summary>Event id, UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> Id => _bytes.Slice(HeaderBytes + KeyLength + MarkLength, IdLength);

    /// <summary>The event's values, for <see cref="EventValues.TryRead"/>; empty for none.</summary>
    public ReadOnlySpan<byte> Values => Version == 0 ? default : _bytes[TextsEnd..Length];

    /// <summary>Bytes of the whole record; more than there are where they end within it.</summary>
    /// <exception cref="InvalidDataException">A later version wrote the record: nobody here can tell where it ends.</exception>
    public int Length => Version switch
    {
        0 => TextsEnd,
        WithValues => TextsEnd + EventValues.LengthOf(TextsEnd < _bytes.Length ? _bytes[TextsEnd..] : default),
        _ => throw UnknownVersion(Version),
    };

    /// <summary>Looks whether bytes begin with a record that a log may hold, before anybody reads a field of it.</summary>
    /// <param name="bytes">A record and whatever follows it: bytes of a disk or a wire, which may be anything.</param>
    /// <param name="length">Output: bytes of the record, where it is one.</param>
    /// <returns>Null, or what is wrong with it, behind "a record".</returns>
    /// <exception cref="InvalidDataException">A later version wrote the record.</exception>
    public static string? Check(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (bytes.Length < HeaderBytes)
        {
            return $"of {bytes.Length} bytes, shorter than the {HeaderBytes} of its header";
        }
        var record = new LogRecord(bytes);
        length = record.Length;
        if (length > bytes.Length)
        {
            return $"of {length} bytes where {bytes.Length} are left";
        }
        if (record.Kind is LogRecordKind.Event or LogRecordKind.Label && (record.KeyLength is 0 or > EventBatch.MaxTextBytes
            || record.MarkLength > EventBatch.MaxTextBytes || record.IdLength > EventBatch.MaxTextBytes))
        {
            return $"with a key of {record.KeyLength} bytes, a mark of {record.MarkLength} and an id of {record.IdLength}, each at most "
                + $"{EventBatch.MaxTextBytes} and the key at least 1";
        }
        if (record.Kind == LogRecordKind.Label && record.MarkLength == 0)
        {
            return "with an empty label";
        }
        if (!EventTime.IsValid(record.TimeTicks))
        {
            return $"of time {record.TimeTicks}, outside years 1 to 9999";
        }
        return record.Version == 0 ? null
            : record.Kind is LogRecordKind.Control or LogRecordKind.Unreadable or LogRecordKind.Label
                ? $"of kind {(int)record.Kind} with values, which an event alone has"
            : EventValues.Check(bytes[record.TextsEnd..], out _);
    }

    /// <summary>Bytes that a record takes.</summary>
    public static int LengthOf(ReadOnlySpan<byte> key, ReadOnlySpan<byte> mark, ReadOnlySpan<byte> id,
        ReadOnlySpan<byte> values = default) => HeaderBytes + key.Length + mark.Length + id.Length + values.Length;

    /// <summary>Writes a record.</summary>
    /// <param name="record">Output; exactly <see cref="LengthOf"/> bytes.</param>
    /// <param name="kind">What it says.</param>
    /// <param name="timeTicks">Event time.</param>
    /// <param name="key">Stream key, UTF-8; each text at most 65,535 bytes.</param>
    /// <param name="mark">Mark, UTF-8.</param>
    /// <param name="id">Event id, UTF-8.</param>
    /// <param name="values">An event's values (<see cref="EventValues.Encoded"/>); empty for none.</param>
    public static void Write(Span<byte> record, LogRecordKind kind, long timeTicks, ReadOnlySpan<byte> key, ReadOnlySpan<byte> mark,
        ReadOnlySpan<byte> id, ReadOnlySpan<byte> values = default)
    {
        record[0] = (byte)((values.IsEmpty ? 0 : WithValues << 4) | (int)kind);
        BinaryPrimitives.WriteInt64LittleEndian(record[TimeAt..], timeTicks);
        BinaryPrimitives.WriteUInt16LittleEndian(record[KeyLengthAt..], checked((ushort)key.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(record[MarkLengthAt..], checked((ushort)mark.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(record[IdLengthAt..], checked((ushort)id.Length));
        key.CopyTo(record[HeaderBytes..]);
        mark.CopyTo(record[(HeaderBytes + key.Length)..]);
        id.CopyTo(record[(HeaderBytes + key.Length + mark.Length)..]);
        values.CopyTo(record[(HeaderBytes + key.Length + mark.Length + id.Length)..]);
    }

    private static InvalidDataException UnknownVersion(int version) => new($"A record of the log has version {version}, and this program "
        + $"reads versions up to {CurrentVersion}: a later release wrote it. Go on with that release.");
}
