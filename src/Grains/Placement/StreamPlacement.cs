using System.Text;
using Foretell.Engine.Events;
using Foretell.Grains.Contracts;
using Foretell.Grains.Silos;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Foretell.Grains.Placement;

/// <summary>The grain of a stream lives on the silo of its shard.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class StreamPlacementAttribute() : PlacementAttribute(new StreamPlacement());

/// <summary>Strategy of <see cref="StreamPlacementAttribute"/>.</summary>
internal sealed class StreamPlacement : PlacementStrategy;

/// <summary>Asks the shard where it lives.</summary>
internal sealed class StreamPlacementDirector(SiloEngine engine, IGrainFactory grains) : IPlacementDirector
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] silos = context.GetCompatibleSilos(target);
        int partition =
            EventHubsPartitioner.Partition(Encoding.UTF8.GetBytes(target.GrainIdentity.Key.ToString()!), engine.Log.PartitionCount);
        if (engine.FindLocal(partition) is not null && silos.Contains(context.LocalSilo))
        {
            return context.LocalSilo;
        }
        try
        {
            ShardStatus shard = await grains.GetGrain<IShardGrain>(partition).Status().WaitAsync(s_patience);
            if (silos.Contains(shard.Silo))
            {
                return shard.Silo;
            }
        }
        catch (Exception)
        {
            // The shard is moving: any silo will do, since the grain asks the shard wherever it is.
        }
#pragma warning disable RS0030 // Chance on purpose: who asks again must not meet the same silent silo each time.
        return silos[Random.Shared.Next(silos.Length)];
#pragma warning restore RS0030
    }
}
