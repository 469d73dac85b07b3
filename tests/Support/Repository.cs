namespace Foretell.Support;

/// <summary>The checked-out repository that these tests were built from.</summary>
public static class Repository
{
    /// <summary>Folder that holds Platform.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Path of a file or folder, given from the root with forward slashes.</summary>
    public static string At(string path) => Path.Combine(Root, path);

    /// <summary>Project files below src, tests or bench, leaving out build output.</summary>
    public static IReadOnlyList<string> Projects(params string[] folders) => [.. folders
        .Where(f => Directory.Exists(At(f)))
        .SelectMany(f => Directory.EnumerateFiles(At(f), "*.csproj", SearchOption.AllDirectories))
        .Where(f => !IsBuildOutput(f))
        .Order(StringComparer.Ordinal)];

    /// <summary>A path as people name it: from the root, with forward slashes.</summary>
    public static string Name(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>True for what a build leaves behind.</summary>
    public static bool IsBuildOutput(string path) =>
        Name(path).Split('/').Any(part => part is "bin" or "obj" or "artifacts" or ".git");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
            {
                return folder.FullName;
            }
        }
        throw new InvalidOperationException(
            $"No folder above {AppContext.BaseDirectory} holds Platform.sln; run the tests inside the repository.");
    }
}
