using Foretell.Engine.Events;

namespace Foretell.Engine.Log;

/// <summary>What an append did.</summary>
/// <param name="Accepted">Events appended by this request (by its first run, when replayed).</param>
/// <param name="Position">Position that includes them.</param>
/// <param name="Replayed">True when the idempotency key had been used: nothing was appended now.</param>
/// <param name="Payload">The bytes that the first run of the request left in <see cref="IdempotentRequest.Payload"/>; empty
/// without a key.</param>
public sealed record AppendReceipt(int Accepted, Position Position, bool Replayed, ReadOnlyMemory<byte> Payload);
