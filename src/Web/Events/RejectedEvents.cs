using System.Text.Json;
using Foretell.Ingest.Decoding;

namespace Foretell.Web.Events;

/// <summary>The events of a request that could not be read: what its answer says of them, and what an idempotency key keeps for the
/// answer to a repeat.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Total">How many there were.</param>
internal sealed record RejectedEvents(IReadOnlyList<RejectedEvent> First, int Total)
{
    private static readonly RejectedEvents s_none = new([], 0);

    public static RejectedEvents From(Rejections rejections) =>
        new([.. rejections.First.Select(r => new RejectedEvent(r.Index, r.Reason))], rejections.Count);

    /// <summary>What the first run of a request kept.</summary>
    /// <exception cref="InvalidDataException">The bytes are nothing that <see cref="ToPayload"/> makes.</exception>
    public static RejectedEvents FromPayload(ReadOnlyMemory<byte> payload)
    {
        if (payload.IsEmpty)
        {
            return s_none;
        }
        RejectedEvents? kept = null;
        try
        {
            kept = payload.Span[0] != (byte)'['
                ? JsonSerializer.Deserialize(payload.Span, EventsJson.Default.RejectedEvents)
                // Earlier releases kept all of them.
                : JsonSerializer.Deserialize(payload.Span, EventsJson.Default.IReadOnlyListRejectedEvent) is { } all
                    ? new RejectedEvents([.. all.Take(Rejections.MaxListed)], all.Count) : null;
        }
        catch (JsonException e)
        {
            throw Damaged(payload, e);
        }
        return kept?.First is { } first && first.All(r => r?.Reason is not null) && kept.Total >= first.Count ? kept
            : throw Damaged(payload);
    }

    /// <summary>What is kept with the key: nothing where there is none; the list alone where it has all of them, which earlier releases
    /// read, too; else the list and how many there were.</summary>
    public byte[] ToPayload() => Total == 0 ? []
        : Total == First.Count ? JsonSerializer.SerializeToUtf8Bytes(First, EventsJson.Default.IReadOnlyListRejectedEvent)
        : JsonSerializer.SerializeToUtf8Bytes(this, EventsJson.Default.RejectedEvents);

    private static InvalidDataException Damaged(ReadOnlyMemory<byte> payload, JsonException? inner = null) => new(
        $"The log keeps {payload.Length} bytes with an idempotency key, and they do not say which events were rejected. "
        + "Look at the data directory with 'foretell check', or restore the database from a copy.", inner);
}
