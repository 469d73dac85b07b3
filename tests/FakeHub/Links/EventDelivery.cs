using Microsoft.Azure.Amqp;

namespace Foretell.FakeHub.Links;

/// <summary>An event on its way to a receiver: bytes that are encoded already, sent as they lie in the log.</summary>
/// <param name="front">Sections for this receiver only, in front of the message; may be empty.</param>
/// <remarks>The library's own message would decode the annotations of each event and encode them again.</remarks>
internal sealed class EventDelivery(ArraySegment<byte> front, ArraySegment<byte> message) : Delivery
{
    public override ArraySegment<byte>[] GetPayload(int payloadSize, out bool more)
    {
        int sent = (int)BytesTransfered, left = front.Count + message.Count - sent;
        more = left > payloadSize;
        ArraySegment<byte> head = Part(front, sent, payloadSize);
        ArraySegment<byte> body = Part(message, sent - front.Count, payloadSize - head.Count);
        return head.Count == 0 ? [body] : [head, body];
    }

    protected override void OnCompletePayload(int payloadSize)
    {
    }

    private static ArraySegment<byte> Part(ArraySegment<byte> whole, int from, int most)
    {
        int start = Math.Clamp(from, 0, whole.Count);
        return whole.Slice(start, Math.Min(whole.Count - start, most));
    }
}
