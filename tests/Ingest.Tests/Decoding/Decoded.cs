using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Support;

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

    /// <summary>Such as "amount=12.3 temp=71".</summary>
    public string Values { get; init; } = "";

    /// <summary>Whether <see cref="Mark"/> is a label.</summary>
    public bool IsLabel { get; init; }

    public static DecodedRow From(ReadOnlySpan<byte> bytes)
    {
        Assert.Null(LogRecord.Check(bytes, out int length));
        Assert.Equal(bytes.Length, length);
        var record = new LogRecord(bytes);
        return new(s_strict.GetString(record.Key), record.TimeTicks, s_strict.GetString(record.Mark), s_strict.GetString(record.Id))
        {
            Values = EventSets.Values(record),
            IsLabel = record.Kind == LogRecordKind.Label,
        };
    }
}
