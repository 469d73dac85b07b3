using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Foretell.Grains.Placement;

/// <summary>The grain lives only on silos that have a role.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class SiloRoleAttribute(string role) : PlacementFilterAttribute(new SiloRoleFilter(role));

/// <summary>Strategy of <see cref="SiloRoleAttribute"/>; the role is a property of the grain type.</summary>
internal sealed class SiloRoleFilter(string role) : PlacementFilterStrategy(order: 0)
{
    private const string RoleProperty = "role";

    public SiloRoleFilter() : this("")
    {
    }

    public string Role { get; private set; } = role;

    public override void AdditionalInitialize(GrainProperties properties) =>
        Role = GetPlacementFilterGrainProperty(RoleProperty, properties) ?? "";

    protected override IEnumerable<KeyValuePair<string, string>> GetAdditionalGrainProperties(IServiceProvider services, Type grainClass,
        GrainType grainType, IReadOnlyDictionary<string, string> existingProperties) => [new(RoleProperty, Role)];
}

/// <summary>Keeps the silos whose metadata names the role.</summary>
internal sealed class SiloRoleFilterDirector(ISiloMetadataCache metadata) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy strategy, PlacementTarget target, IEnumerable<SiloAddress> silos) =>
        silos.Where(s =>
            SiloRoles.Has(metadata.GetSiloMetadata(s).Metadata.GetValueOrDefault(SiloRoles.MetadataKey), ((SiloRoleFilter)strategy).Role));
}
