namespace Foretell.Images.Tests.Building;

/// <summary>The programs that build and run images without a service and without a registry.</summary>
internal static class ImageTools
{
    /// <summary>Why images cannot be built and run here; null when they can.</summary>
    public static string? WhyNot { get; } = FindWhyNot();

    private static string? FindWhyNot()
    {
        const string WhatToDo = "so no image is built or run. On Linux, as root: apt-get install buildah runc.";
        if (!OperatingSystem.IsLinux())
        {
            return $"Images are Linux', {WhatToDo}";
        }
        if (!Environment.IsPrivilegedProcess)
        {
            return $"Root file systems are put together by root, and this is another user, {WhatToDo}";
        }
        string[] missing = [.. new[] { "buildah", "runc", "ldd", "unshare" }.Where(program => !Command.Exists(program))];
        if (missing is not [])
        {
            return $"{string.Join(" and ", missing)} cannot be found, {WhatToDo}";
        }
        // Made and left again, since nothing else tells whether it is allowed: root within a container often may not.
        using Task<(int ExitCode, string, string Errors)> probe = Task.Run(() => Command.TryAsync("unshare", "--mount", "--pid", "--fork", "true"));
        (int exitCode, _, string errors) = probe.GetAwaiter().GetResult();
        return exitCode == 0 ? null : $"This root may not make namespaces ({errors.Trim()}), {WhatToDo}";
    }
}
