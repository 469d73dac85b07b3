using System.Buffers;
using System.Text.Json;

namespace Foretell.Ingest.Decoding;

/// <summary>Writes a CloudEvent that came in a binary mode, its attributes beside its data (in HTTP headers, in a message's properties),
/// in structured mode, so that all modes are read and refused by the same rules. Of the data only what an event is read from comes
/// along.</summary>
/// <remarks>Reusable: <see cref="Begin"/> keeps the memory. Not thread-safe.</remarks>
public sealed class StructuredCloudEvent
{
    /// <summary>Media type of what is written.</summary>
    public const string MediaType = "application/cloudevents+json";

    private static readonly string[] s_attributes = ["specversion", "id", "source", "subject", "type", "time"];

    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;
    private readonly List<(string Name, int Start, int Length)> _found = [];

    /// <summary>Begins without an event.</summary>
    public StructuredCloudEvent() => _json = new Utf8JsonWriter(_buffer);

    /// <summary>The attributes that an event is read from.</summary>
    public static ReadOnlySpan<string> Attributes => s_attributes;

    /// <summary>Whether a media type says that the body is a CloudEvent itself, or several: attributes beside it then mean
    /// nothing.</summary>
    public static bool IsNamedBy(string? contentType) =>
        contentType.AsSpan().TrimStart().StartsWith("application/cloudevents", StringComparison.OrdinalIgnoreCase);

    /// <summary>Begins an event.</summary>
    public void Begin()
    {
        _buffer.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
    }

    /// <summary>Adds an attribute. One that is added twice is there twice, and refused when it is read.</summary>
    /// <param name="attribute">Its name, in lower case.</param>
    /// <param name="value">Its value; valid UTF-16.</param>
    public void Add(string attribute, string value) => _json.WriteString(attribute, value);

    /// <inheritdoc cref="Add(string, string)"/>
    /// <param name="value">Its value; valid UTF-8.</param>
    public void Add(string attribute, ReadOnlySpan<byte> value) => _json.WriteString(attribute, value);

    /// <summary>Adds what an event is read from of the data, where that is a JSON object: its members `values` and `label`. Other data is
    /// its sender's own.</summary>
    /// <param name="contentType">Media type of the data; null for none, which says JSON.</param>
    /// <param name="data">The data.</param>
    public void AddData(string? contentType, ReadOnlySpan<byte> data)
    {
        data = EventDecoder.WithoutByteOrderMark(data).Trim(" \t\r\n"u8);
        // Most data has neither, and should cost no reading; that an encoder escapes these letters is not known.
        if (data.IsEmpty || data[0] != '{' || (data.IndexOf("\"values\""u8) < 0 && data.IndexOf("\"label\""u8) < 0) || !IsJson(contentType))
        {
            return;
        }
        _found.Clear();
        var json = new Utf8JsonReader(data, JsonToken.Strict);
        try
        {
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                string? name = json.ValueTextEquals("values"u8) ? "values" : json.ValueTextEquals("label"u8) ? "label" : null;
                json.Read();
                int start = (int)json.TokenStartIndex;
                json.Skip();
                if (name is not null)
                {
                    _found.Add((name, start, (int)json.BytesConsumed - start));
                }
            }
            json.Read();
        }
        catch (JsonException)
        {
            return;
        }
        _json.WriteStartObject("data"u8);
        foreach ((string name, int start, int length) in _found)
        {
            _json.WritePropertyName(name);
            _json.WriteRawValue(data.Slice(start, length), skipInputValidation: true);
        }
        _json.WriteEndObject();
    }

    /// <summary>Ends the event.</summary>
    /// <returns>The event in structured mode; holds until the next <see cref="Begin"/>.</returns>
    public ReadOnlySpan<byte> End()
    {
        _json.WriteEndObject();
        _json.Flush();
        return _buffer.WrittenSpan;
    }

    private static bool IsJson(string? contentType)
    {
        ReadOnlySpan<char> type = contentType.AsSpan();
        type = (type.IndexOf(';') is var end and >= 0 ? type[..end] : type).Trim();
        return type.IsEmpty || type.EndsWith("/json", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }
}
