using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Tests.Decoding;

/// <summary>What a decoder made of a body, in a form that asserts can compare.</summary>
internal sealed record Decoded(IReadOnlyList<DecodedRow> Events, IReadOnlyList<Rejection> Rejections, int Rejected)
{
    public static Decoded From(string contentType, string body) => From(contentType, Encoding.UTF8.GetBytes(body));

    public static Decoded From(string contentType, ReadOnlySpan<byte> body)
    {
        var batch = new EventBatch();
        var rejections = new Rejections();
        EventDecoder decoder = EventDecoder.For(contentType) ?? throw new ArgumentException($"No decoder for {contentType}.");
        decoder.Decode(body, batch, rejections);
        return new Decoded([.. Enumerable.Range(0, batch.Count).Select(i => DecodedRow.From(batch[i]))], rejections.First,
            rejections.Count);
    }
}

internal sealed record DecodedRow(string Stream, long Ticks, string Mark, string Id)
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    public static DecodedRow From(ReadOnlySpan<byte> bytes)
    {
        var record = new LogRecord(bytes);
        return new(s_strict.GetString(record.Key), record.TimeTicks, s_strict.GetString(record.Mark), s_strict.GetString(record.Id));
    }
}
