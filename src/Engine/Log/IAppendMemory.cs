namespace Foretell.Engine.Log;

/// <summary>What an append must know of earlier ones, and leaves behind for later ones, in the transaction that appends.</summary>
public interface IAppendMemory
{
    /// <summary>Value of the last control record of a name, or null.</summary>
    string? FindControl(string name);

    /// <summary>Remembers a control record.</summary>
    void PutControl(string name, string value);

    /// <summary>The first receipt of a repeated request; null for a new key.</summary>
    /// <exception cref="IdempotencyConflictException">The key belongs to another body.</exception>
    AppendReceipt? FindRequest(IdempotentRequest request, long nowTicks);

    /// <summary>How far a source's partition is read.</summary>
    SourceState FindSource(SourcePartition partition);

    /// <summary>Remembers how far a source's partition is read.</summary>
    void PutSource(SourcePartition partition, SourceState state);

    /// <summary>Remembers a request for <see cref="Idempotency.Lifetime"/>.</summary>
    void PutRequest(IdempotentRequest request, AppendReceipt receipt, long nowTicks);
}

/// <summary>What idempotency keys mean, whichever log keeps them.</summary>
public static class Idempotency
{
    /// <summary>How long a key is remembered.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>The refusal of a key that comes back with another body.</summary>
    public static IdempotencyConflictException Conflict(string key) => new(
        $"Idempotency key '{key}' was used within the last 24 hours with another body. Repeat the first body, or choose a new key.");
}
