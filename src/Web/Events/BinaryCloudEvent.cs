using System.Text;
using Foretell.Ingest.Decoding;
using Microsoft.AspNetCore.Http;

namespace Foretell.Web.Events;

/// <summary>A CloudEvent in HTTP's binary mode: its attributes are the headers <c>ce-*</c>, its body is the data. It is turned into the structured mode, so that both are read and refused by the same rules.</summary>
/// <remarks>Source: CloudEvents 1.0.2, HTTP protocol binding, sections 3 (which mode it is) and 3.1.3 (how values are written).</remarks>
internal static class BinaryCloudEvent
{
    private const string Prefix = "ce-";

    /// <summary>Whether a request is one: it has such headers, and its media type does not say that the body is the event.</summary>
    public static bool Is(HttpRequest request) =>
        !StructuredCloudEvent.IsNamedBy(request.ContentType)
        && request.Headers.Keys.Any(name => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>The event in structured mode. A header that was sent twice is there twice. The order of attributes is fixed: two requests
    /// that differ in nothing else, in trace headers say, are the same event.</summary>
    public static ReadOnlySpan<byte> ToStructured(IHeaderDictionary headers, ReadOnlySpan<byte> data)
    {
        var structured = new StructuredCloudEvent();
        structured.Begin();
        foreach (string attribute in StructuredCloudEvent.Attributes)
        {
            foreach (string? value in headers[Prefix + attribute])
            {
                structured.Add(attribute, Decode(value ?? ""));
            }
        }
        structured.AddData(headers.ContentType, data);
        return structured.End();
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
