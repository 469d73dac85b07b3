namespace Foretell.Images.Tests.Running;

/// <summary>The files of a folder as they were at one time.</summary>
internal static class FolderSnapshot
{
    /// <summary>One line for each file and folder: its path, its size and when it was written last.</summary>
    public static IReadOnlyList<string> Of(string folder) =>
    [
        .. new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Select(e => $"{Path.GetRelativePath(folder, e.FullName)} {(e as FileInfo)?.Length} {e.LastWriteTimeUtc:O}")
            .Order(StringComparer.Ordinal),
    ];
}
