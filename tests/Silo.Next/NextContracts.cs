namespace Foretell.Silo.Next;

// What a release to come may add: optional fields with ids of their own. Whoever sends them fills them in, so that
// silos of today really meet them.

public sealed partial record ReaderBatch
{
    /// <summary>A field that today's silos do not know.</summary>
    [Id(1000)] public string? Next { get; init; } = "next";
}

public sealed partial record ReaderAnswer
{
    /// <inheritdoc cref="ReaderBatch.Next"/>
    [Id(1000)] public string? Next { get; init; } = "next";
}

public sealed partial record ShardStatus
{
    /// <inheritdoc cref="ReaderBatch.Next"/>
    [Id(1000)] public string? Next { get; init; } = "next";
}
