using Foretell.Fuzz.Running;

namespace Foretell.Fuzz.Targets;

/// <summary>Everything that reads bytes which strangers, brokers, disks or other silos give.</summary>
public static class AllTargets
{
    /// <summary>All of them, by area.</summary>
    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        .. RecordTargets.List, .. PageTargets.List, .. ModelTargets.List, .. BodyTargets.List, .. MessageTargets.List,
        .. SettingTargets.List, .. FileTargets.List, .. DatabaseTargets.List, .. RequestTargets.List,
        .. SocketTargets.List,
    ];

    /// <summary>The target of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists them.</exception>
    public static FuzzTarget Named(string name) => List.FirstOrDefault(target => target.Name == name)
        ?? throw new ArgumentException($"There is no target '{name}'. There are: {string.Join(", ", List.Select(target => target.Name))}.");
}
