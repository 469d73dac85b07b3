using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Foretell.Web.Events;

/// <summary>A CloudEvent in HTTP's binary mode: its attributes are the headers <c>ce-*</c>, its body is the data, which nothing here
/// reads. It is turned into the structured mode, so that both are read and refused by the same rules.</summary>
/// <remarks>Source: CloudEvents 1.0.2, HTTP protocol binding, sections 3 (which mode it is) and 3.1.3 (how values are written).</remarks>
internal static class BinaryCloudEvent
{
    /// <summary>Media type of what <see cref="ToStructured"/> gives.</summary>
    public const string StructuredType = "application/cloudevents+json";

    private const string Prefix = "ce-";

    // What an event is read from, in a fixed order: two requests that differ in nothing else, in trace headers say, are the same event.
    private static readonly string[] s_attributes = ["specversion", "id", "source", "subject", "type", "time"];

    /// <summary>Whether a request is one: it has such headers, and its media type does not say that the body is the event.</summary>
    public static bool Is(HttpRequest request) =>
        request.ContentType?.TrimStart().StartsWith("application/cloudevents", StringComparison.OrdinalIgnoreCase) != true
        && request.Headers.Keys.Any(name => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>The event in structured mode. A header that was sent twice is there twice.</summary>
    public static byte[] ToStructured(IHeaderDictionary headers)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        foreach (string attribute in s_attributes)
        {
            foreach (string? value in headers[Prefix + attribute])
            {
                json.WriteString(attribute, Decode(value ?? ""));
            }
        }
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Quotes and their escapes first, then percent-encoded UTF-8.</summary>
    private static string Decode(string value)
    {
        if (value.Length >= 2 && value[0] == '"' && value[^1] == '"')
        {
            var text = new StringBuilder();
            for (int i = 1; i < value.Length - 1; i++)
            {
                i += value[i] == '\\' && i < value.Length - 2 ? 1 : 0;
                text.Append(value[i]);
            }
            value = text.ToString();
        }
        return Uri.UnescapeDataString(value);
    }
}
