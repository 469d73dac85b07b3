using System.Text;

namespace Foretell.Engine.Events;

/// <summary>Names and encoding of control records.</summary>
public static class ControlRecord
{
    /// <summary>From here on this event-time policy holds; the value is <see cref="EventTimePolicy.ToString"/>.</summary>
    public const string Policy = "policy";

    /// <summary>From here on this model advances the streams; the value is
    /// <see cref="Foretell.Models.Network.ForecastModel.Id"/>.</summary>
    public const string Model = "model";

    /// <summary>Bytes of a control record.</summary>
    public static byte[] Encode(string name, string value, long timeTicks)
    {
        byte[] key = Encoding.UTF8.GetBytes(name), mark = Encoding.UTF8.GetBytes(value);
        byte[] record = new byte[LogRecord.LengthOf(key, mark, [])];
        LogRecord.Write(record, LogRecordKind.Control, timeTicks, key, mark, []);
        return record;
    }
}
