using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Files;

/// <summary>Events one JSON object a line, in file order.</summary>
/// <param name="reader">The file, at its start.</param>
/// <param name="zone">Zone of the times without an offset; null refuses them.</param>
internal sealed class NdjsonEventSource(RecordReader reader, TimeZoneInfo? zone) : EventSource
{
    private readonly PlainEventSchema _schema = new(zone);
    private readonly EscapeScratch _scratch = new();

    /// <inheritdoc/>
    public override bool TryAddNext(EventBatch batch)
    {
        if (!reader.TryRead(out Span<byte> line))
        {
            return false;
        }
        string? reason = NdjsonEventDecoder.AddLine(line, _schema, _scratch, batch, out _);
        return reason is null ? true : throw reader.Error(reason);
    }
}
