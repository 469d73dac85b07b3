using Foretell.Architecture.Tests;

namespace Foretell.Cli.Tests;

/// <summary>A test on real data that lies beside the repository, and may be missing.</summary>
public sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute(string file)
    {
        if (!File.Exists(PathOf(file)))
        {
            Skip = $"../shared/data/{file} is not there; it holds real data that is not part of the repository.";
        }
    }

    /// <summary>Path of a file of the shared data.</summary>
    public static string PathOf(string file) => Path.Combine(Path.GetDirectoryName(Repository.Root)!, "shared", "data", file);
}
