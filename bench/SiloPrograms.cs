using Foretell.Cli.Cluster;
using Foretell.Cli.Options;
using Foretell.Cli.Shell;

namespace Foretell.Bench;

/// <summary>Where the benches find the silo program: in the source tree's own build, so that they measure what was just built.</summary>
internal static class SiloPrograms
{
    /// <summary>Folder of the program.</summary>
    /// <exception cref="CliException">It was not built.</exception>
    public static string Folder()
    {
        string? root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "Platform.sln")))
        {
            root = Path.GetDirectoryName(root);
        }
        string folder = Path.Combine(root ?? ".", "src", "Silo", "bin", "Release", "net10.0");
        return File.Exists(Path.Combine(folder, "foretell-silo.dll")) ? folder
            : throw new CliException($"There is no foretell-silo in {folder}; build it first: dotnet build -c Release src/Silo.");
    }

    /// <summary>Settings of a cluster that this bench starts.</summary>
    /// <param name="model">Path of the model file.</param>
    /// <param name="partitions">Partitions of the log.</param>
    /// <param name="roles">Roles of each silo.</param>
    public static ClusterSettings Settings(string model, int partitions, params string[] roles) => new()
    {
        SiloRoles = roles,
        Model = model,
        Urls = "http://127.0.0.1:0",
        Threads = Environment.ProcessorCount,
        Partitions = partitions,
        SiloProgram = Folder(),
    };
}
