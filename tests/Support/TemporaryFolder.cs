namespace Foretell.Cli.Tests;

/// <summary>A new folder that goes with the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("foretell-cli-").FullName;

    /// <summary>Path of a file or folder within it.</summary>
    public string At(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
