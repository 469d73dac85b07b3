namespace Foretell.Grains.Placement;

/// <summary>What a silo is for. A silo may have several roles; they travel in its metadata.</summary>
public static class SiloRoles
{
    /// <summary>Serves HTTP.</summary>
    public const string Gateway = "gateway";

    /// <summary>Reads the log.</summary>
    public const string Ingest = "ingest";

    /// <summary>Holds shards.</summary>
    public const string Worker = "worker";

    /// <summary>Key of the roles in a silo's metadata, where they are joined by commas.</summary>
    public const string MetadataKey = "foretell.roles";

    /// <summary>Every role.</summary>
    public static readonly IReadOnlyList<string> All = [Gateway, Ingest, Worker];

    /// <summary>True when metadata names a role.</summary>
    internal static bool Has(string? metadata, string role) => metadata?.Split(',').Contains(role, StringComparer.Ordinal) == true;
}
