namespace Foretell.Engine.Log;

/// <summary>A request that must take effect once.</summary>
/// <param name="Key">Idempotency key, 1 to 256 characters.</param>
/// <param name="Fingerprint">SHA-256 of content type and body: tells a repeat from another request under the same key.</param>
/// <param name="Payload">Kept with the key and handed back on a repeat (the API keeps its list of rejections here).</param>
public sealed record IdempotentRequest(string Key, ReadOnlyMemory<byte> Fingerprint, ReadOnlyMemory<byte> Payload);

/// <summary>An idempotency key was used again with another body.</summary>
public sealed class IdempotencyConflictException(string message) : Exception(message);
