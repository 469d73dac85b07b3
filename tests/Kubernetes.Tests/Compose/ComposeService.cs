using System.Net;

namespace Foretell.Kubernetes.Tests.Compose;

/// <summary>One service of a compose file.</summary>
/// <param name="Name">Its name, which is its host's, too.</param>
/// <param name="Map">What is said of it.</param>
internal sealed record ComposeService(string Name, Dictionary<object, object> Map)
{
    public string Image => (string)Map["image"];

    /// <summary>Profiles of which one must be asked for; none for a service that always starts.</summary>
    public string[] Profiles => [.. List("profiles")];

    /// <summary>Mounts, as "from:to:mode".</summary>
    public string[] Volumes => [.. List("volumes")];

    /// <summary>Published ports, as "address:port:port".</summary>
    public string[] Ports => [.. List("ports")];

    /// <summary>Services that must start before.</summary>
    public string[] Needs => Map.GetValueOrDefault("depends_on") switch
    {
        null => [],
        List<object> names => [.. names.Cast<string>()],
        object conditions => [.. ComposeFile.Map(conditions).Keys.Cast<string>()],
    };

    /// <summary>Fixed address, or null.</summary>
    public IPAddress? Address =>
        Map.GetValueOrDefault("networks") is Dictionary<object, object> networks
        && networks.GetValueOrDefault("silos") is Dictionary<object, object> silos
        && silos.GetValueOrDefault("ipv4_address") is string address ? IPAddress.Parse(address) : null;

    /// <summary>Environment; a name without a value has that of whoever starts, and is not there where he has none.</summary>
    /// <param name="starter">His variables.</param>
    public IReadOnlyDictionary<string, string> Environment(IReadOnlyDictionary<string, string> starter) =>
        (Map.GetValueOrDefault("environment") is { } environment ? ComposeFile.Map(environment) : [])
        .Select(e => (Name: (string)e.Key, Value: (string?)e.Value))
        .Select(e => (e.Name, Value: e.Value is { Length: > 0 } ? e.Value : starter.GetValueOrDefault(e.Name)))
        .Where(e => e.Value is not null).ToDictionary(e => e.Name, e => e.Value!);

    private IEnumerable<string> List(string name) => Map.GetValueOrDefault(name) is List<object> values ? values.Cast<string>() : [];
}
