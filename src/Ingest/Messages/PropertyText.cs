using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Messages;

/// <summary>Values of message properties as texts of an event.</summary>
internal static class PropertyText
{
    private const string UtcFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", UnknownZoneFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF";

    /// <summary>Writes a value as UTF-8: text and bytes as they are, numbers in the shortest form that reads back as the same, times as
    /// RFC 3339 in UTC (without a zone where the value has none), time spans as [d.]hh:mm:ss[.fffffff], addresses as they were
    /// written.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">The event's field, for reasons.</param>
    /// <param name="destination">Takes the text; 256 bytes.</param>
    /// <param name="length">Bytes of the text; it holds when the result is null.</param>
    /// <returns>Null, or the reason why the value is no text that an event may have.</returns>
    public static string? Read(object value, string name, Span<byte> destination, out int length)
    {
        switch (value)
        {
            case string text:
                return Copy(text, name, destination, out length);
            case byte[] bytes:
                length = bytes.Length;
                return !Utf8.IsValid(bytes) ? NoUnicode(name) : JsonToken.TooLong(name, length) ?? Copy(bytes, destination);
            case bool flag:
                return Copy(flag ? "true" : "false", name, destination, out length);
            case DateTimeOffset time:
                return Format(time.UtcDateTime, UtcFormat, destination, out length);
            case DateTime { Kind: DateTimeKind.Unspecified } time:
                return Format(time, UnknownZoneFormat, destination, out length);
            case DateTime time:
                return Format(time.ToUniversalTime(), UtcFormat, destination, out length);
            case Uri address:
                return Copy(address.OriginalString, name, destination, out length);
            case sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal or char or Guid or TimeSpan:
                return Format((IUtf8SpanFormattable)value, default, destination, out length);
            default:
                length = 0;
                return $"'{name}' must be a string, a number, a boolean, a GUID, a time, a URI or bytes of UTF-8, "
                    + $"got a property of type {value.GetType().Name}.";
        }
    }

    private static string? Copy(string text, string name, Span<byte> destination, out int length)
    {
        length = Encoding.UTF8.GetByteCount(text);
        if (JsonToken.TooLong(name, length) is string tooLong)
        {
            return tooLong;
        }
        return Utf8.FromUtf16(text, destination, out _, out length, replaceInvalidSequences: false) == System.Buffers.OperationStatus.Done
            ? null
            : NoUnicode(name);
    }

    private static string? Copy(byte[] bytes, Span<byte> destination)
    {
        bytes.CopyTo(destination);
        return null;
    }

    private static string? Format<T>(T value, string? format, Span<byte> destination, out int length) where T : IUtf8SpanFormattable
    {
        // Each of these is far shorter than the 256 bytes there are.
        value.TryFormat(destination, out length, format, CultureInfo.InvariantCulture);
        return null;
    }

    private static string NoUnicode(string name) =>
        $"'{name}' is no valid Unicode: it holds invalid UTF-8 or half of a surrogate pair.";
}
