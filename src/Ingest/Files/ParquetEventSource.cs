using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Files;

internal sealed class ParquetEventSource(string name, Stream file, EventColumns? columns, TimeZoneInfo? zone) : EventSource
{
    public static bool Is(ReadOnlySpan<byte> head) => head.StartsWith("PAR1"u8);
    public static Stream Spool(Stream bytes, string name) => throw new NotSupportedException(name);
    public override bool TryAddNext(EventBatch batch) => throw new NotSupportedException($"{name}{file}{columns}{zone}");
}
