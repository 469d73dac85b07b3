using System.Diagnostics;
using System.Runtime.Versioning;
using Foretell.Cli.Shell;
using Foretell.Support;

namespace Foretell.Architecture.Tests;

/// <summary>The scripts on a machine that lacks what they need say so in one sentence.</summary>
[UnsupportedOSPlatform("windows")]
[Collection(nameof(WrittenPrograms))]
public sealed class ScriptTests : IDisposable
{
    /// <summary>What every machine with a shell has; nothing else is on the path of these tests.</summary>
    private static readonly string[] s_tools = ["bash", "env", "readlink", "dirname", "cat", "mkdir", "mktemp", "rm"];

    private readonly DirectoryInfo _path = Directory.CreateTempSubdirectory("foretell-scripts-");

    public ScriptTests()
    {
        foreach (string tool in s_tools)
        {
            string real = new[] { "/bin", "/usr/bin" }.Select(f => Path.Combine(f, tool)).First(File.Exists);
            File.CreateSymbolicLink(Path.Combine(_path.FullName, tool), real);
        }
    }

    public void Dispose() => _path.Delete(recursive: true);

    [Theory]
    [InlineData("foretell")]
    [InlineData("test")]
    [InlineData(".ci/run")]
    public async Task Script_WhenThereIsNoDotnet_SaysWhatIsNeeded(string script)
    {
        (int code, string error) = await RunAsync(Repository.At(script));

        Assert.Equal(1, code);
        Assert.Contains(".NET SDK 10 is needed", error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Foretell_WhenTheSdkIsTooOld_SaysWhichOnesAreThere()
    {
        AddDotnet("echo '8.0.404 [/usr/share/dotnet/sdk]'");

        (int code, string error) = await RunAsync(Repository.At("foretell"));

        Assert.Equal(1, code);
        Assert.Contains("8.0.404", error);
    }

    private void AddDotnet(string body)
    {
        string path = Path.Combine(_path.FullName, "dotnet");
        File.WriteAllText(path, $"#!/usr/bin/env bash\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private async Task<(int Code, string Error)> RunAsync(string script)
    {
        var start = new ProcessStartInfo(script) { RedirectStandardError = true, RedirectStandardOutput = true,
            WorkingDirectory = _path.FullName };
        start.Environment["PATH"] = _path.FullName;
        using Process process = Process.Start(start)!;
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, error);
    }
}

/// <summary>Tests that write programs and start them, one after the other: a child that is forked while a program is being written
/// holds it open for writing until it becomes another program, and nobody can start it meanwhile ("Text file busy").</summary>
[CollectionDefinition(nameof(WrittenPrograms))]
public sealed class WrittenPrograms;
