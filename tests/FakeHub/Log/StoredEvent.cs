namespace Foretell.FakeHub.Log;

/// <summary>Where one event lies in a partition's log.</summary>
/// <param name="Offset">Bytes of the log in front of it.</param>
/// <param name="EnqueuedTime">Milliseconds since 1970.</param>
/// <param name="Bytes">The encoded message, as receivers get it.</param>
internal readonly record struct StoredEvent(long SequenceNumber, long Offset, long EnqueuedTime, ArraySegment<byte> Bytes);
