using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Files;

/// <summary>Events one JSON object a line, in file order.</summary>
internal sealed class NdjsonEventSource(string path) : EventSource
{
    private readonly RecordReader _reader = new(path, quoted: false);
    private readonly EscapeScratch _scratch = new();

    /// <inheritdoc/>
    public override bool TryAddNext(EventBatch batch)
    {
        if (!_reader.TryRead(out Span<byte> line))
        {
            return false;
        }
        string? reason = NdjsonEventDecoder.AddLine(line, _scratch, batch);
        return reason is null ? true : throw _reader.Error(reason);
    }

    /// <inheritdoc/>
    public override void Dispose() => _reader.Dispose();
}
