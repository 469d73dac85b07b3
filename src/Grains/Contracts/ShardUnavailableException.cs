namespace Foretell.Grains.Contracts;

/// <summary>The shard cannot answer now; asking again in a moment is right.</summary>
[GenerateSerializer, Alias("foretell.shard-unavailable")]
public sealed class ShardUnavailableException(string message) : Exception(message);
