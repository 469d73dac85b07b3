namespace Foretell.Engine.Log;

/// <summary>Why the last write failed, for a while: only another try can tell whether the next one would.</summary>
/// <remarks>A host that stayed unready until a write succeeded would be sent none any more.</remarks>
public sealed class LastFailure(TimeProvider time)
{
    /// <summary>How long a failure counts.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(10);

    private Failure? _last;

    /// <summary>The failure in one sentence; null when the last write worked, or when nobody has tried for <see cref="Life"/>.</summary>
    public string? Message => Volatile.Read(ref _last) is { } last && time.GetElapsedTime(last.At) < Life ? last.Message : null;

    /// <summary>Takes how a write ended: why it failed, or null.</summary>
    public void Report(string? message) => Volatile.Write(ref _last, message is null ? null : new Failure(message, time.GetTimestamp()));

    private sealed record Failure(string Message, long At);
}
