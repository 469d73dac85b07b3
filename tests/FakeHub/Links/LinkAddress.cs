using System.Globalization;

namespace Foretell.FakeHub.Links;

/// <summary>Where a link leads: a hub, a partition to send to, a partition to read through a consumer group, or a node that answers
/// requests.</summary>
/// <param name="Path">The whole address, without scheme and host.</param>
internal readonly record struct LinkAddress(string Path)
{
    public const string Tokens = "$cbs", Management = "$management";

    private string[] Parts => Path.Split('/');

    public string Hub => Parts[0];

    public bool IsTokens => Path.Equals(Tokens, StringComparison.OrdinalIgnoreCase);

    public bool IsManagement => Parts[^1].Equals(Management, StringComparison.OrdinalIgnoreCase);

    /// <summary>The consumer group that it reads through, or null.</summary>
    public string? ConsumerGroup => Parts is [_, var kind, var group, ..] && Is(kind, "ConsumerGroups") ? group : null;

    /// <summary>The partition's id as it was written; null when the address names none.</summary>
    public string? Partition => Parts switch
    {
        [_, var kind, var id] when Is(kind, "Partitions") => id,
        [_, _, _, var kind, var id] when Is(kind, "Partitions") => id,
        _ => null,
    };

    /// <param name="address">"hub/Partitions/0", "/hub" or "sb://host/hub".</param>
    public static LinkAddress Parse(string? address)
    {
        string path = address ?? "";
        int scheme = path.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            int host = path.IndexOf('/', scheme + 3);
            path = host < 0 ? "" : path[host..];
        }
        return new LinkAddress(path.Trim('/'));
    }

    /// <summary>Whether a token for an address holds for another, further down.</summary>
    public bool Covers(LinkAddress other) => other.Path.Equals(Path, StringComparison.OrdinalIgnoreCase)
        || other.Path.StartsWith(Path.Length == 0 ? "" : Path + "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>The partition of a hub that the address names; null when it names the hub itself.</summary>
    /// <exception cref="HubException">There is no such partition.</exception>
    public HubPartition? In(Hub hub)
    {
        if (Partition is not { } id)
        {
            return null;
        }
        IReadOnlyList<HubPartition> partitions = hub.Partitions;
        return int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < partitions.Count
            ? partitions[index]
            : throw new HubException(HubConditions.ArgumentOutOfRange,
                $"The specified partition is invalid for an EventHub partition sender or receiver. It should be between 0 and {partitions.Count - 1}. Parameter name: PartitionId");
    }

    private static bool Is(string part, string name) => part.Equals(name, StringComparison.OrdinalIgnoreCase);
}
