using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Foretell.Grains.Placement;

/// <summary>Gives every silo its share of the partitions; silos that can carry as much as each other take turns.</summary>
/// <param name="byWeight">Shares are by what the silos can carry (<see cref="SiloWeight"/>): for grains that step. Else they are
/// equal.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PartitionPlacementAttribute(bool byWeight) : PlacementAttribute(new PartitionPlacement(byWeight));

/// <summary>Strategy of <see cref="PartitionPlacementAttribute"/>.</summary>
internal sealed class PartitionPlacement(bool byWeight) : PlacementStrategy
{
    private const string WeightProperty = "by-weight";

    public PartitionPlacement() : this(byWeight: false)
    {
    }

    public bool ByWeight { get; private set; } = byWeight;

    public override void Initialize(GrainProperties properties)
    {
        base.Initialize(properties);
        ByWeight = properties.Properties.ContainsKey(WeightProperty);
    }

    public override void PopulateGrainProperties(IServiceProvider services, Type grainClass, GrainType grainType,
        Dictionary<string, string> properties)
    {
        base.PopulateGrainProperties(services, grainClass, grainType, properties);
        if (ByWeight)
        {
            properties[WeightProperty] = "";
        }
    }
}

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
        return Task.FromResult(SiloWeight.Place(target.GrainIdentity.GetIntegerKey(),
            ((PartitionPlacement)strategy).ByWeight ? SiloWeight.Of(silos, metadata) : SiloWeight.Equal(silos)));
    }
}
