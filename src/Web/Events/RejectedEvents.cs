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
    public static RejectedEvents FromPayload(ReadOnlyMemory<byte> payload)
    {
        if (payload.IsEmpty)
        {
            return s_none;
        }
        if (payload.Span[0] != (byte)'[')
        {
            return JsonSerializer.Deserialize(payload.Span, EventsJson.Default.RejectedEvents)!;
        }
        // Earlier releases kept all of them.
        IReadOnlyList<RejectedEvent> all = JsonSerializer.Deserialize(payload.Span, EventsJson.Default.IReadOnlyListRejectedEvent)!;
        return new RejectedEvents([.. all.Take(Rejections.MaxListed)], all.Count);
    }

    /// <summary>What is kept with the key: nothing where there is none; the list alone where it has all of them, which earlier releases
    /// read, too; else the list and how many there were.</summary>
    public byte[] ToPayload() => Total == 0 ? []
        : Total == First.Count ? JsonSerializer.SerializeToUtf8Bytes(First, EventsJson.Default.IReadOnlyListRejectedEvent)
        : JsonSerializer.SerializeToUtf8Bytes(this, EventsJson.Default.RejectedEvents);
}
