using System.Text;

namespace Foretell.Ingest.Decoding;

/// <summary>Members of an event that go by another name of its fields. Beside the field itself such a member is the sender's own, like any
/// other that is not known here; in its place it is most likely what the sender meant.</summary>
internal ref struct OtherNames
{
    // Whatever their case; a field's own name is here for its other cases.
    private static readonly string[] s_stream = ["stream", "streamid", "stream_id", "key", "user", "userid", "user_id", "customer",
        "customerid", "customer_id", "entity", "device", "deviceid", "device_id", "subject"];
    private static readonly string[] s_time = ["time", "timestamp", "ts", "datetime", "date", "eventtime", "event_time", "at"];
    private static readonly string[] s_mark = ["mark", "marks", "type", "event", "eventtype", "event_type", "eventname", "event_name", "action"];

    /// <summary>The first that was seen of each; empty where none was.</summary>
    public ReadOnlySpan<byte> Stream, Time, Mark;

    /// <summary>Looks at the name of a member that is no field.</summary>
    public void Note(ReadOnlySpan<byte> name)
    {
        if (Stream.IsEmpty && IsOneOf(name, s_stream))
        {
            Stream = name;
        }
        else if (Time.IsEmpty && IsOneOf(name, s_time))
        {
            Time = name;
        }
        else if (Mark.IsEmpty && IsOneOf(name, s_mark))
        {
            Mark = name;
        }
    }

    /// <summary>The field that somebody most likely means by another name; null where none comes near.</summary>
    public static string? FieldOf(string name)
    {
        OtherNames others = default;
        others.Note(Encoding.UTF8.GetBytes(name));
        return !others.Stream.IsEmpty ? "stream" : !others.Time.IsEmpty ? "time" : !others.Mark.IsEmpty ? "mark"
            : NearestName.Of(name.ToLowerInvariant(), ["stream", "time", "mark", "id", "label", "values.NAME"]);
    }

    /// <summary>The end of a reason: what was probably meant; empty where nothing was seen.</summary>
    public static string Meant(ReadOnlySpan<byte> seen, string field) =>
        seen.IsEmpty ? "" : $" There is {JsonToken.Shown(seen)}: did you mean '{field}'?";

    private static bool IsOneOf(ReadOnlySpan<byte> name, string[] names)
    {
        foreach (string one in names)
        {
            if (Ascii.EqualsIgnoreCase(name, one))
            {
                return true;
            }
        }
        return false;
    }
}
