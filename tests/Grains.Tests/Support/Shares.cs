using Foretell.Grains.Contracts;
using Foretell.Grains.Placement;

namespace Foretell.Grains.Tests.Support;

/// <summary>Gives every silo of a new cluster its share: the first to start has all partitions until somebody moves them.</summary>
internal static class Shares
{
    /// <summary>Moves shards and readers, one silo after the other in turn, and waits until each is at work in its place.</summary>
    /// <param name="cluster">The cluster; its coordinator moves nothing meanwhile.</param>
    /// <param name="roles">Roles of its silos.</param>
    public static Task TakeAsync(GrainCluster cluster, string[] roles) =>
        Task.WhenAll(Enumerable.Range(0, cluster.Log.PartitionCount).SelectMany(partition =>
    {
        IShardGrain shard = cluster.Grains.GetGrain<IShardGrain>(partition);
        IPartitionReaderGrain reader = cluster.Grains.GetGrain<IPartitionReaderGrain>(partition);
        return new[]
        {
            PlaceAsync(SiloRoles.Worker, AskShardAsync, shard.Move),
            PlaceAsync(SiloRoles.Ingest, async () => ((await reader.KeepReading()).Silo, true), reader.Move),
        };

        async Task<(SiloAddress, bool)> AskShardAsync()
        {
            ShardStatus status = await shard.Status();
            return (status.Silo, status.Ready);
        }

        async Task PlaceAsync(string role, Func<Task<(SiloAddress Silo, bool Ready)>> ask, Func<SiloAddress, Task> move)
        {
            SiloAddress[] silos = [.. cluster.Cluster.Silos.Where((_, i) => roles[i].Split(',').Contains(role)).Select(s => s.SiloAddress)];
            if (silos.Length == 0)
            {
                return;
            }
            SiloAddress place = silos[partition % silos.Length];
            await ShardGrainTests.UntilAsync(async () =>
            {
                (SiloAddress silo, bool ready) = await ask();
                if (!silo.Equals(place))
                {
                    await move(place);
                    return false;
                }
                return ready;
            });
        }
    }));
}
