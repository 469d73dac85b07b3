using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Foretell.Grains.Placement;

/// <summary>Spreads partitions evenly: partition p goes to the p-th of the silos that may hold it, counted around.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PartitionPlacementAttribute() : PlacementAttribute(new PartitionPlacement());

/// <summary>Strategy of <see cref="PartitionPlacementAttribute"/>.</summary>
internal sealed class PartitionPlacement : PlacementStrategy;

/// <summary>Where silos have both roles, a reader meets its shard on the same one.</summary>
internal sealed class PartitionPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] silos = context.GetCompatibleSilos(target);
        // The coordinator's wish, when it moves a partition.
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } wished)
        {
            return Task.FromResult(wished);
        }
        Array.Sort(silos);
        return Task.FromResult(silos[(int)(target.GrainIdentity.GetIntegerKey() % silos.Length)]);
    }
}
