namespace Foretell.Images.Tests.Running;

/// <summary>Whether this machine lets a container's memory be limited.</summary>
internal static class MemoryLimit
{
    /// <summary>Why it does not; null when it does.</summary>
    public static string? WhyNot { get; } = new[] { "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/cgroup.controllers" }
        .Any(Has) ? null : "This machine has no cgroups of memory that could be written, so containers run without a limit of memory.";

    private static bool Has(string file) => File.Exists(file)
        && (file.EndsWith("in_bytes", StringComparison.Ordinal) || File.ReadAllText(file).Split().Contains("memory"));
}
