using Foretell.Cli.Options;

namespace Foretell.Cli.Cluster;

/// <summary>How a <see cref="LocalCluster"/> is started.</summary>
internal sealed record ClusterSettings
{
    /// <summary>Roles of each silo, separated by commas: one entry a silo.</summary>
    public required IReadOnlyList<string> SiloRoles { get; init; }

    /// <summary>Path of the model file.</summary>
    public required string Model { get; init; }

    /// <summary>Addresses of the first silo's API, separated by ";"; the others take free ports.</summary>
    public required string Urls { get; init; }

    /// <summary>Whether they may be such as others than this machine can reach, although nobody needs a key.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Threads of each silo that advance shards.</summary>
    public required int Threads { get; init; }

    /// <summary>Partitions of the log, or null for the default.</summary>
    public int? Partitions { get; init; }

    /// <summary>How late an event may be, or null for the default.</summary>
    public TimeSpan? LateTolerance { get; init; }

    /// <summary>How far ahead an event may be, or null for the default.</summary>
    public TimeSpan? FutureTolerance { get; init; }

    /// <summary>How long the log keeps events, or null for ever.</summary>
    public TimeSpan? Retain { get; init; }

    /// <summary>Whether streams share what they show together.</summary>
    public bool Shared { get; init; }

    /// <summary>Survival probability below which a stream is overdue, 0 for no alerts; null for the default.</summary>
    public double? AlertSurvival { get; init; }

    /// <summary>Broker that the cluster reads, or null.</summary>
    public SourceInput? Source { get; init; }

    /// <summary>Folder of PostgreSQL's programs, or null to look for them.</summary>
    public string? Postgres { get; init; }

    /// <summary>Place of the silo program, or null to look for it.</summary>
    public string? SiloProgram { get; init; }
}
