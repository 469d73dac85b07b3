namespace Foretell.Fuzz.Running;

/// <summary>Inputs that earlier campaigns kept: tests/Fuzz/Seeds, a folder a target.</summary>
public static class SeedFolder
{
    /// <summary>The repository that this program was built in.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The folder of a target.</summary>
    public static string Of(string target) => Path.Combine(Repository, "tests", "Fuzz", "Seeds", target);

    /// <summary>A target's inputs, in an order that is the same everywhere.</summary>
    public static IEnumerable<byte[]> Read(string target) => !Directory.Exists(Of(target)) ? []
        : Directory.EnumerateFiles(Of(target)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    private static string FindRepository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Platform.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new DirectoryNotFoundException($"No Platform.sln above {AppContext.BaseDirectory}.");
    }
}
