using System.Buffers.Binary;

namespace Foretell.Engine.Events;

/// <summary>What a log record says.</summary>
public enum LogRecordKind : byte
{
    /// <summary>Something happened on a stream.</summary>
    Event = 1,

    /// <summary>From here on another rule holds (event-time policy, model); met at the same place by every replay.</summary>
    Control = 2,
}

/// <summary>A view of one encoded record. Layout: kind u8, time i64, key length u16, mark length u16, id length u16, key, mark, id; little-endian.</summary>
/// <remarks>A control record's key is its name and its mark field holds its value (docs/formats.md).</remarks>
public readonly ref struct LogRecord(ReadOnlySpan<byte> bytes)
{
    /// <summary>Bytes before the key.</summary>
    public const int HeaderBytes = 15;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>What the record says.</summary>
    public LogRecordKind Kind => (LogRecordKind)_bytes[0];

    /// <summary>Event time in ticks (<see cref="EventTime"/>).</summary>
    public long TimeTicks => BinaryPrimitives.ReadInt64LittleEndian(_bytes[1..]);

    private int KeyLength => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[9..]);
    private int MarkLength => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[11..]);
    private int IdLength => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[13..]);

    /// <summary>Stream key, UTF-8.</summary>
    public ReadOnlySpan<byte> Key => _bytes.Slice(HeaderBytes, KeyLength);

    /// <summary>Mark, UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> Mark => _bytes.Slice(HeaderBytes + KeyLength, MarkLength);

    /// <summary>Event id, UTF-8; empty for none.</summary>
    public ReadOnlySpan<byte> Id => _bytes.Slice(HeaderBytes + KeyLength + MarkLength, IdLength);

    /// <summary>Bytes of the whole record.</summary>
    public int Length => HeaderBytes + KeyLength + MarkLength + IdLength;
}
