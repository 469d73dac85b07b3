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
        string[] missing = [.. new[] { "buildah", "runc", "ldd" }.Where(program => !Command.Exists(program))];
        return missing is [] ? null : $"{string.Join(" and ", missing)} cannot be found, {WhatToDo}";
    }
}
