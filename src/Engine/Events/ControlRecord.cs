using System.Buffers.Binary;
using System.Text;

namespace Foretell.Engine.Events;

/// <summary>Names and encoding of control records.</summary>
public static class ControlRecord
{
    /// <summary>From here on this event-time policy holds; the value is <see cref="EventTimePolicy.ToString"/>.</summary>
    public const string Policy = "policy";

    /// <summary>From here on this model advances the streams; the value is <see cref="Models.ForecastModel.Id"/>.</summary>
    public const string Model = "model";

    /// <summary>Bytes of a control record.</summary>
    public static byte[] Encode(string name, string value, long timeTicks)
    {
        byte[] key = Encoding.UTF8.GetBytes(name), mark = Encoding.UTF8.GetBytes(value);
        byte[] record = new byte[LogRecord.HeaderBytes + key.Length + mark.Length];
        record[0] = (byte)LogRecordKind.Control;
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(1), timeTicks);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(9), checked((ushort)key.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(11), checked((ushort)mark.Length));
        key.CopyTo(record, LogRecord.HeaderBytes);
        mark.CopyTo(record, LogRecord.HeaderBytes + key.Length);
        return record;
    }
}
