using System.Text.Json;

namespace Foretell.Images.Tests.Running;

/// <summary>Writes down a container as runtimes read it: with the rights that a pod of the standard "restricted" has.</summary>
/// <remarks>Source: OCI runtime specification 1.0.2, config.md and config-linux.md.</remarks>
internal static class RuntimeSpec
{
    /// <summary>User and group of the image, and of the pods.</summary>
    public const int User = 1654;

    private static readonly string[] s_none = [];

    /// <summary>The content of config.json.</summary>
    public static string Of(ContainerPlan plan) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["ociVersion"] = "1.0.2",
        ["hostname"] = "pod",
        ["root"] = new { path = plan.Root, @readonly = true },
        ["process"] = new
        {
            terminal = false,
            user = new { uid = User, gid = User },
            args = plan.Command,
            env = plan.Environment.Select(e => $"{e.Key}={e.Value}"),
            cwd = "/",
            noNewPrivileges = true,
            capabilities = new { bounding = s_none, effective = s_none, permitted = s_none, inheritable = s_none, ambient = s_none },
        },
        ["mounts"] = Mounts(plan),
        ["linux"] = new
        {
            cgroupsPath = $"/foretell-test-{Guid.NewGuid():N}",
            resources = plan.MemoryBytes is { } limit ? (object)new { memory = new { limit } } : new { },
            namespaces = Namespaces(plan),
            seccomp = SeccompProfile.Read(),
            maskedPaths = new[] { "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware" },
            readonlyPaths = new[] { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" },
        },
    });

    private static object[] Mounts(ContainerPlan plan) =>
    [
        new { destination = "/proc", type = "proc", source = "proc" },
        new { destination = "/dev", type = "tmpfs", source = "tmpfs", options = new[] { "nosuid", "strictatime", "mode=755", "size=64k" } },
        new { destination = "/sys", type = "sysfs", source = "sysfs", options = new[] { "nosuid", "noexec", "nodev", "ro" } },
        new { destination = "/tmp", type = "tmpfs", source = "tmpfs", options = new[] { "nosuid", "nodev", "size=64m", "mode=1777" } },
        .. plan.Mounts.Select(mount => new
        {
            destination = mount.Key,
            type = "bind",
            source = mount.Value,
            options = new[] { "bind", mount.Key == plan.WritableMount ? "rw" : "ro" },
        }),
    ];

    private static object[] Namespaces(ContainerPlan plan) =>
    [
        new { type = "pid" }, new { type = "ipc" }, new { type = "uts" }, new { type = "mount" },
        plan.Network is { } path ? new { type = "network", path } : new { type = "network" },
    ];
}
