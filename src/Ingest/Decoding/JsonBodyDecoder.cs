using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>Reads events that are JSON objects. Where bodies are small and many, as messages are, their reader brings the scratch memory
/// along, so that none is allocated for each.</summary>
internal abstract class JsonBodyDecoder : EventDecoder
{
    /// <inheritdoc/>
    public sealed override void Decode(ReadOnlySpan<byte> body, EventBatch batch, Rejections rejections) =>
        Decode(body, batch, rejections, new EscapeScratch());

    /// <inheritdoc cref="EventDecoder.Decode"/>
    /// <param name="scratch">Memory for texts with escapes; used by one thread at a time.</param>
    public abstract void Decode(ReadOnlySpan<byte> body, EventBatch batch, Rejections rejections, EscapeScratch scratch);
}
