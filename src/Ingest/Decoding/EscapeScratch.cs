using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>Memory for texts that carry JSON escapes; texts without any stay where they are in the body.</summary>
internal sealed class EscapeScratch
{
    public readonly byte[] Stream = new byte[EventBatch.MaxTextBytes];
    public readonly byte[] Mark = new byte[EventBatch.MaxTextBytes];
    public readonly byte[] Id = new byte[EventBatch.MaxTextBytes];
    public readonly byte[] Other = new byte[EventBatch.MaxTextBytes];
}
