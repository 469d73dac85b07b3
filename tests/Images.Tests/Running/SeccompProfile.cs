using System.Text.Json.Nodes;

namespace Foretell.Images.Tests.Running;

/// <summary>The system calls that runtimes let a container make where nothing else is said: RuntimeDefault in a pod.</summary>
internal static class SeccompProfile
{
    /// <summary>Where the packages of podman, buildah and CRI-O have it.</summary>
    private const string Profile = "/usr/share/containers/seccomp.json";

    /// <summary>True where the machine has a profile.</summary>
    public static bool IsThere => File.Exists(Profile);

    /// <summary>The profile for a container without capabilities; null where the machine has none.</summary>
    /// <remarks>The file says for each rule which capabilities and machines it is for; runtimes read what is left for one.</remarks>
    public static object? Read()
    {
        if (!IsThere)
        {
            return null;
        }
        JsonNode profile = JsonNode.Parse(File.ReadAllText(Profile))!;
        return new
        {
            defaultAction = (string?)profile["defaultAction"],
            defaultErrnoRet = (int?)profile["defaultErrnoRet"],
            architectures = new[] { "SCMP_ARCH_X86_64" },
            syscalls = profile["syscalls"]!.AsArray().Where(rule => IsForUs(rule!)).Select(rule => new
            {
                names = rule!["names"]!.DeepClone(),
                action = (string?)rule["action"],
                errnoRet = (int?)rule["errnoRet"],
                args = rule["args"] is JsonArray { Count: > 0 } ? rule["args"]!.DeepClone() : null,
            }),
        };
    }

    private static bool IsForUs(JsonNode rule) =>
        Of(rule, "includes", "caps") is [] && Of(rule, "includes", "arches") is var only && (only is [] || only.Contains("amd64"))
        && !Of(rule, "excludes", "arches").Contains("amd64");

    private static string[] Of(JsonNode rule, string side, string what) =>
        rule[side]?[what] is JsonArray values ? [.. values.Select(v => (string)v!)] : [];
}
