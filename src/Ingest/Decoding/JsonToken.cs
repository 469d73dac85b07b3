using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>Reads single JSON values as texts and times, with a reason where they are neither.</summary>
internal static class JsonToken
{
    /// <summary>No comments, no trailing commas, at most 64 levels deep.</summary>
    public static readonly JsonReaderOptions Strict = new() { MaxDepth = 64 };

    private const int ShownCharacters = 40, MostReasonCharacters = 200;

    /// <summary>The name of the property on which the reader stands; empty when it is no valid Unicode or longer than any name
    /// that matters.</summary>
    public static ReadOnlySpan<byte> Name(scoped ref Utf8JsonReader json, EscapeScratch scratch)
    {
        if (!json.ValueIsEscaped)
        {
            return json.ValueSpan;
        }
        return JsonEscapes.TryResolve(json.ValueSpan, scratch.Other, out int length) && length <= scratch.Other.Length
            ? scratch.Other.AsSpan(0, length)
            : [];
    }

    /// <summary>Reads a string of at most <see cref="EventBatch.MaxTextBytes"/> bytes.</summary>
    /// <returns>Null, or the reason why the value is none.</returns>
    public static string? ReadText(scoped ref Utf8JsonReader json, string name, byte[] scratch, out ReadOnlySpan<byte> text) =>
        json.TokenType == JsonTokenType.String
            ? ReadString(ref json, name, scratch, out text)
            : Refuse($"'{name}' must be a string, got {Seen(ref json)}.", out text);

    /// <summary>Reads a string, or an integer as its decimal text.</summary>
    /// <returns>Null, or the reason why the value is neither.</returns>
    public static string? ReadTextOrInteger(scoped ref Utf8JsonReader json, string name, byte[] scratch, out ReadOnlySpan<byte> text)
    {
        if (json.TokenType == JsonTokenType.String)
        {
            return ReadString(ref json, name, scratch, out text);
        }
        if (json.TokenType == JsonTokenType.Number && IsInteger(json.ValueSpan))
        {
            text = json.ValueSpan.SequenceEqual("-0"u8) ? "0"u8 : json.ValueSpan;
            return TooLong(name, text.Length);
        }
        return Refuse($"'{name}' must be a string or an integer, got {Seen(ref json)}.", out text);
    }

    /// <summary>Reads a string, a number as it is written, or a boolean.</summary>
    /// <returns>Null, or the reason why the value is none of these.</returns>
    public static string? ReadScalar(scoped ref Utf8JsonReader json, string name, byte[] scratch, out ReadOnlySpan<byte> text)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.String:
                return ReadString(ref json, name, scratch, out text);
            case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                text = json.ValueSpan;
                return TooLong(name, text.Length);
            default:
                return Refuse($"'{name}' must be a string, a number or a boolean, got {Seen(ref json)}.", out text);
        }
    }

    /// <summary>Reads an event time.</summary>
    /// <param name="json">Reader on the value.</param>
    /// <param name="ticks">Event time (<see cref="EventTime"/>).</param>
    /// <param name="zone">Zone of a calendar time without an offset; null refuses it.</param>
    /// <returns>Null, or the reason why the value is none.</returns>
    public static string? ReadTime(scoped ref Utf8JsonReader json, out long ticks, TimeZoneInfo? zone = null)
    {
        ticks = 0;
        switch (json.TokenType)
        {
            case JsonTokenType.Number:
                return TimeText.ParseUnixSeconds(json.ValueSpan, out ticks);
            case JsonTokenType.String when json.ValueIsEscaped:
                Span<byte> resolved = stackalloc byte[64];
                return JsonEscapes.TryResolve(json.ValueSpan, resolved, out int length) && length <= resolved.Length
                    ? TimeText.ParseRfc3339(resolved[..length], out ticks, zone)
                    : $"'time' must be {TimeText.Expected}, got {Seen(ref json)}.";
            case JsonTokenType.String:
                return TimeText.ParseRfc3339(json.ValueSpan, out ticks, zone);
            default:
                return $"'time' must be {TimeText.Expected}, got {Seen(ref json)}.";
        }
    }

    /// <summary>A few words on the value on which the reader stands, for reasons.</summary>
    public static string Seen(scoped ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.Null => "null",
        JsonTokenType.String => $"the string {Shown(json.ValueSpan)}",
        JsonTokenType.Number => $"the number {Shown(json.ValueSpan).Trim('"')}",
        _ => Encoding.UTF8.GetString(json.ValueSpan),
    };

    /// <summary>The start of a text in quotes; bytes that are no UTF-8 become replacement characters.</summary>
    public static string Shown(ReadOnlySpan<byte> text)
    {
        // Four bytes is the longest character: enough bytes for the characters shown, whatever they are.
        string start = Encoding.UTF8.GetString(text[..Math.Min(text.Length, 4 * ShownCharacters)]);
        if (start.Length <= ShownCharacters)
        {
            return $"\"{VisibleText.Of(start)}\"";
        }
        int cut = char.IsHighSurrogate(start[ShownCharacters - 1]) ? ShownCharacters - 1 : ShownCharacters;
        return $"\"{VisibleText.Of(start[..cut])}...\"";
    }

    /// <summary>What a JSON error says, without the position that its message repeats. Its message quotes what it cannot read, however long
    /// that is; its beginning is enough.</summary>
    public static string Reason(JsonException error)
    {
        int position = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        string reason = position < 0 ? error.Message : error.Message[..position];
        return VisibleText.Of(reason.Length <= MostReasonCharacters ? reason : $"{reason.AsSpan(0, MostReasonCharacters)}...");
    }

    /// <summary>Null, or the reason why a text is too long for an event.</summary>
    public static string? TooLong(string name, int length) => length <= EventBatch.MaxTextBytes
        ? null
        : $"'{name}' must be at most {EventBatch.MaxTextBytes} bytes of UTF-8, got {length}.";

    private static string? ReadString(scoped ref Utf8JsonReader json, string name, byte[] scratch, out ReadOnlySpan<byte> text)
    {
        text = json.ValueSpan;
        int length = text.Length;
        bool valid = json.ValueIsEscaped ? JsonEscapes.TryResolve(json.ValueSpan, scratch, out length) : Utf8.IsValid(text);
        if (!valid)
        {
            return $"'{name}' is no valid Unicode: it holds invalid UTF-8 or half of a surrogate pair.";
        }
        if (json.ValueIsEscaped)
        {
            text = scratch.AsSpan(0, Math.Min(length, scratch.Length));
        }
        return TooLong(name, length);
    }

    private static bool IsInteger(ReadOnlySpan<byte> number) => number.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0;

    private static string Refuse(string reason, out ReadOnlySpan<byte> text)
    {
        text = default;
        return reason;
    }
}
