using System.Text.Json;
using System.Text.Unicode;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>Reads an event's values from a JSON object of numbers by name.</summary>
internal static class JsonValues
{
    /// <summary>Reads the value on which the reader stands and leaves it on the value's end, whatever the outcome.</summary>
    /// <param name="json">Reader on the value of 'values'.</param>
    /// <param name="scratch">Takes the values; what it had goes. Nothing and null are no values.</param>
    /// <param name="decoded">Takes the values as a record holds them.</param>
    /// <returns>Null, or the reason why they are none.</returns>
    public static string? Read(scoped ref Utf8JsonReader json, EscapeScratch scratch, scoped ref DecodedEvent decoded)
    {
        if (json.TokenType == JsonTokenType.Null)
        {
            return null;
        }
        if (json.TokenType != JsonTokenType.StartObject)
        {
            string seen = JsonToken.Seen(ref json);
            json.Skip();
            return $"'values' must be an object of numbers, such as {{\"amount\":12.3}}, got {seen}.";
        }
        EventValues values = scratch.Values;
        values.Clear();
        string? reason = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            reason ??= ReadOne(ref json, scratch, values);
            json.Skip();
        }
        decoded.Values = values.Encoded;
        return reason;
    }

    private static string? ReadOne(scoped ref Utf8JsonReader json, EscapeScratch scratch, EventValues values)
    {
        ReadOnlySpan<byte> name = json.ValueSpan;
        int length = name.Length;
        bool isEscaped = json.ValueIsEscaped;
        if (!(isEscaped ? JsonEscapes.TryResolve(name, scratch.Other, out length) : Utf8.IsValid(name)))
        {
            return "A name in 'values' is no valid Unicode: it holds invalid UTF-8 or half of a surrogate pair.";
        }
        if (length > EventValues.MaxNameBytes)
        {
            return $"A name in 'values' must be 1 to {EventValues.MaxNameBytes} bytes of UTF-8, got {length}.";
        }
        name = isEscaped ? scratch.Other.AsSpan(0, length) : name;
        json.Read();
        if (json.TokenType == JsonTokenType.Null)
        {
            return null;
        }
        return json.TokenType != JsonTokenType.Number || !json.TryGetDouble(out double value) || !double.IsFinite(value)
            ? $"{JsonToken.Shown(name)} of 'values' must be a finite number or null, got {JsonToken.Seen(ref json)}."
            : values.TryAdd(name, value) is { } reason ? $"{JsonToken.Shown(name)} of 'values': {reason}"
            : null;
    }
}
