using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>Memory for texts that carry JSON escapes, texts without any stay where they are in the body; and for values.</summary>
internal sealed class EscapeScratch
{
    public readonly byte[] Stream = new byte[EventBatch.MaxTextBytes];
    public readonly byte[] Mark = new byte[EventBatch.MaxTextBytes];
    public readonly byte[] Id = new byte[EventBatch.MaxTextBytes];
    public readonly byte[] Other = new byte[EventBatch.MaxTextBytes];

    private byte[]? _label;
    private EventValues? _values;

    /// <summary>For a label; made for the first.</summary>
    public byte[] Label => _label ??= new byte[EventBatch.MaxTextBytes];

    /// <summary>Takes the values of the event that is read; made for the first that has some.</summary>
    public EventValues Values => _values ??= new EventValues();
}
