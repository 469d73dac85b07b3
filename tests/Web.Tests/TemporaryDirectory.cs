namespace Foretell.Web.Tests;

/// <summary>A new directory that goes with the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("foretell-web-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
