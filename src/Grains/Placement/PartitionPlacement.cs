using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Foretell.Grains.Placement;

/// <summary>Gives every silo its share of the partitions (<see cref="SiloWeight"/>); silos of the same weight take turns.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PartitionPlacementAttribute() : PlacementAttribute(new PartitionPlacement());

/// <summary>Strategy of <see cref="PartitionPlacementAttribute"/>.</summary>
internal sealed class PartitionPlacement : PlacementStrategy;

/// <summary>Where silos have both roles, a reader meets its shard on the same one.</summary>
internal sealed class PartitionPlacementDirector(ISiloMetadataCache metadata) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] silos = context.GetCompatibleSilos(target);
        // The coordinator's wish, when it moves a partition.
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } wished)
        {
            return Task.FromResult(wished);
        }
        return Task.FromResult(SiloWeight.Place(target.GrainIdentity.GetIntegerKey(), SiloWeight.Of(silos, metadata)));
    }
}
