using System.Net.Http.Headers;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>Reads the events of one request's body. Stateless: one instance serves every thread.</summary>
public abstract class EventDecoder
{
    /// <summary>The media type whose columns can be named.</summary>
    public const string CsvType = "text/csv";

    private static readonly Dictionary<string, EventDecoder> s_byMediaType = new(StringComparer.OrdinalIgnoreCase)
    {
        ["application/json"] = new JsonEventDecoder(new PlainEventSchema(), BodyShape.OneOrArray),
        ["application/x-ndjson"] = new NdjsonEventDecoder(new PlainEventSchema()),
        ["application/ndjson"] = new NdjsonEventDecoder(new PlainEventSchema()),
        [CsvType] = new CsvEventDecoder(),
        [StructuredCloudEvent.MediaType] = new JsonEventDecoder(new CloudEventSchema(), BodyShape.One),
        ["application/cloudevents-batch+json"] = new JsonEventDecoder(new CloudEventSchema(), BodyShape.Array),
    };

    /// <summary>Media types that have a decoder, for the answer to a request that has none.</summary>
    public static IReadOnlyCollection<string> MediaTypes => s_byMediaType.Keys;

    /// <summary>The decoder of a Content-Type header, or null when there is none (the answer is then 415).</summary>
    /// <param name="contentType">Media type with or without parameters. A charset other than UTF-8 has no decoder.</param>
    public static EventDecoder? For(string? contentType)
    {
        if (contentType is null || !MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? header)
            || !s_byMediaType.TryGetValue(header.MediaType ?? "", out EventDecoder? decoder))
        {
            return null;
        }
        string charset = header.CharSet?.Trim('"') ?? "utf-8";
        // RFC 4180 lets a sender say that a table has no header: nobody could tell then which column is what.
        bool isHeadless = header.Parameters.Any(p => p is { Name: "header", Value: "absent" });
        return charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) && !isHeadless ? decoder : null;
    }

    /// <summary>Adds the body's good events to <paramref name="batch"/> and its bad ones to <paramref name="rejections"/>, both
    /// in the body's order.</summary>
    /// <param name="body">The whole body, UTF-8; a byte order mark is skipped.</param>
    /// <param name="batch">Takes the events, behind those that it already holds.</param>
    /// <param name="rejections">Takes each event that is not accepted.</param>
    /// <exception cref="MalformedBodyException">The body is not what the content type says. Throw the batch away: it may hold
    /// events from before the fault.</exception>
    public abstract void Decode(ReadOnlySpan<byte> body, EventBatch batch, Rejections rejections);

    /// <summary>Memory that the events of a body may take beside it, at most, bytes.</summary>
    /// <param name="body">The whole body.</param>
    /// <remarks>A record is 15 bytes longer than its texts, and its place takes 4: an object in JSON is longer than that, a line of
    /// CSV (<c>a,1</c>) may be five times shorter. A value (<c>"a":1,</c>) takes 9 bytes beside its name: a record of many is 1.4 times as
    /// long as its object. Twice as much, since a batch doubles as it grows.</remarks>
    public virtual long MemoryFor(ReadOnlySpan<byte> body) => 3L * body.Length;

    internal static ReadOnlySpan<byte> WithoutByteOrderMark(ReadOnlySpan<byte> body) =>
        body.StartsWith("\uFEFF"u8) ? body[3..] : body;
}
