namespace Foretell.Grains.Contracts;

/// <summary>Keeps one reader and one shard alive per partition. There is one, with key 0.</summary>
[Alias("foretell.coordinator")]
public interface ICoordinatorGrain : IGrainWithIntegerKey
{
    /// <summary>Makes the coordinator exist. Every silo calls it every second, so that it comes back after any loss.</summary>
    [Alias("ping"), ResponseTimeout("00:00:03")]
    Task Ping();
}
