using Foretell.Cli.Shell;

namespace Foretell.Cli.Cluster;

/// <summary>Finds the program foretell-silo and says how to run it.</summary>
/// <param name="Command">What to run, and the arguments that stand before the program's own.</param>
internal sealed record SiloProgram(IReadOnlyList<string> Command)
{
    private const string Name = "foretell-silo";

    /// <summary>Folders where it may lie, seen from this program's own: beside it, below it, or next door.</summary>
    private static readonly string[] s_folders = ["silo", ".", Name, $"../{Name}", "../silo"];

    /// <summary>The program at a place, or the one that came with this program.</summary>
    /// <param name="path">File or folder of the program; null looks around this program.</param>
    /// <exception cref="CliException">It is not there.</exception>
    public static SiloProgram Find(string? path)
    {
        IEnumerable<string> folders = path is null ? s_folders.Select(f => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, f)))
            : Directory.Exists(path) ? [Path.GetFullPath(path)]
            : [Path.GetDirectoryName(Path.GetFullPath(path))!];
        return folders.Select(FindIn).FirstOrDefault(found => found is not null) ?? throw new CliException(path is null
            ? $"The program {Name} is not beside this one, so there are no silos to start. Publish src/Silo into the folder {s_folders[0]} beside this program, "
                + "or name its place with --silo-program."
            : $"There is no {Name} in {folders.First()}; --silo-program takes the folder that src/Silo was published into.");
    }

    private static SiloProgram? FindIn(string folder)
    {
        string assembly = Path.Combine(folder, $"{Name}.dll"),
            executable = Path.Combine(folder, OperatingSystem.IsWindows() ? $"{Name}.exe" : Name);
        // The dotnet that runs this program runs the other one too, wherever it is installed; a self-contained program needs none.
        string? host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath : null;
        return host is not null && File.Exists(assembly) ? new SiloProgram([host, assembly])
            : File.Exists(executable) ? new SiloProgram([executable])
            : File.Exists(assembly) ? new SiloProgram(["dotnet", assembly])
            : null;
    }
}
