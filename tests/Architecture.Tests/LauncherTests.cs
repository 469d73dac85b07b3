using System.Diagnostics;
using System.Runtime.Versioning;
using Foretell.Cli.Shell;
using Foretell.Support;

namespace Foretell.Architecture.Tests;

/// <summary>When ./foretell builds and when it does not. A stand-in for the SDK writes down its builds, so that no test waits for
/// a real one.</summary>
[UnsupportedOSPlatform("windows")]
[Collection(nameof(WrittenPrograms))]
public sealed class LauncherTests : IDisposable
{
    private const string StandIn = """
        #!/usr/bin/env bash
        case "$1" in
            --list-sdks) echo "10.0.100 [/sdk]" ;;
            build)
                project=$2
                echo "build $project" >>"$BUILDS"
                [[ -f "$PWD/src/App/broken.cs" ]] && { echo "broken.cs(1,1): error CS1002: ; expected"; exit 1; }
                while [[ $1 != -o ]]; do shift; done
                mkdir -p "$2"
                [[ $project == *Silo* ]] && touch "$2/foretell-silo.dll" || touch "$2/foretell.dll" ;;
            *) shift; echo "ran with: $*" ;;
        esac
        """;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("foretell-launcher-");

    public LauncherTests()
    {
        File.Copy(Repository.At("foretell"), At("foretell"));
        foreach (string file in new[] { "Directory.Build.props", "Directory.Packages.props", "global.json", "src/App/Program.cs",
            "src/App/Folder/Other.cs" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(At(file))!);
            File.WriteAllText(At(file), "");
        }
        Directory.CreateDirectory(At("bin"));
        File.WriteAllText(At("bin/dotnet"), StandIn);
        File.SetUnixFileMode(At("bin/dotnet"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private int Builds => File.Exists(At("builds")) ? File.ReadAllLines(At("builds")).Length : 0;

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task Start_WhenNothingChanged_BuildsOnce()
    {
        (int code, string output, string error) = await RunAsync("foretell", "query", "a stream");
        Assert.Equal((0, "ran with: query a stream"), (code, output.Trim()));
        Assert.Contains("building for the first time", error);
        Assert.Matches(@"built in \d+ s", error);

        (code, output, error) = await RunAsync("foretell");
        Assert.Equal((0, "", 1), (code, error, Builds));
    }

    [Theory]
    [InlineData("src/App/Program.cs")]
    [InlineData("src/App/Folder/Other.cs")]
    [InlineData("Directory.Packages.props")]
    public async Task Start_WhenASourceChanged_BuildsAgain(string file)
    {
        await RunAsync("foretell");
        File.SetLastWriteTimeUtc(At(file), DateTime.UtcNow.AddMinutes(1));

        (_, _, string error) = await RunAsync("foretell");

        Assert.Contains("sources changed", error);
        Assert.Equal(2, Builds);
    }

    [Fact]
    public async Task Start_WhenASourceIsDeleted_BuildsAgain()
    {
        await RunAsync("foretell");
        File.Delete(At("src/App/Folder/Other.cs"));

        await RunAsync("foretell");

        Assert.Equal(2, Builds);
    }

    [Fact]
    public async Task Start_WhenBuildOutputChanges_DoesNotBuild()
    {
        await RunAsync("foretell");
        File.WriteAllText(At("src/App/obj/project.assets.json"), "{}");
        File.SetLastWriteTimeUtc(At("src/App/obj/project.assets.json"), DateTime.UtcNow.AddMinutes(1));

        await RunAsync("foretell");

        Assert.Equal(1, Builds);
    }

    [Fact]
    public async Task Start_WhenThroughALinkFromAnotherFolder_FindsItsOwn()
    {
        File.CreateSymbolicLink(At("src/link"), At("foretell"));

        (int code, string output, _) = await RunAsync("src/link", "--help");

        Assert.Equal((0, "ran with: --help", 1), (code, output.Trim(), Builds));
    }

    [Fact]
    public async Task Start_WhenTwoComeAtOnce_BuildsOnceAndRunsBoth()
    {
        (int Code, string Output, string)[] both = await Task.WhenAll(RunAsync("foretell", "one"), RunAsync("foretell", "two"));

        Assert.All(both, r => Assert.Equal(0, r.Code));
        Assert.Equal(["ran with: one", "ran with: two"], both.Select(r => r.Output.Trim()));
        Assert.Equal(1, Builds);
    }

    [Fact]
    public async Task Start_WhenTheBuildFails_ShowsTheErrorAndRunsNothing()
    {
        File.WriteAllText(At("src/App/broken.cs"), "");

        (int code, string output, string error) = await RunAsync("foretell");

        Assert.Equal((1, ""), (code, output));
        Assert.Contains("error CS1002", error);
        Assert.Contains("the build failed; the whole output is in", error);
    }

    [Fact]
    public async Task Start_WhenBuiltManyTimes_KeepsTheLastFewBuilds()
    {
        for (int i = 1; i <= 5; i++)
        {
            File.SetLastWriteTimeUtc(At("src/App/Program.cs"), DateTime.UtcNow.AddMinutes(i));
            await RunAsync("foretell");
        }

        Assert.Equal(5, Builds);
        Assert.Equal(3, Directory.GetDirectories(At("artifacts/foretell")).Length);
    }

    [Fact]
    public async Task Cluster_WhenStartedTwice_BuildsTheSiloProgramOnceAndBesideTheOther()
    {
        await RunAsync("foretell", "run");
        Assert.Equal(["build src/Cli/Cli.csproj"], File.ReadAllLines(At("builds")));

        (int code, string output, _) = await RunAsync("foretell", "cluster", "--silos", "2");
        await RunAsync("foretell", "cluster");

        Assert.Equal((0, "ran with: cluster --silos 2"), (code, output.Trim()));
        Assert.Equal(["build src/Cli/Cli.csproj", "build src/Silo/Silo.csproj"], File.ReadAllLines(At("builds")));
        string build = Assert.Single(Directory.GetDirectories(At("artifacts/foretell")));
        Assert.True(File.Exists(Path.Combine(build, "silo", "foretell-silo.dll")));
    }

    [Fact]
    public async Task Cluster_WhenASourceChanged_BuildsBothAgain()
    {
        await RunAsync("foretell", "cluster");
        File.SetLastWriteTimeUtc(At("src/App/Program.cs"), DateTime.UtcNow.AddMinutes(1));

        await RunAsync("foretell", "cluster");

        Assert.Equal(4, Builds);
    }

    [Fact]
    public async Task Cluster_WhenOnlyHelpIsAsked_BuildsNoSilo()
    {
        await RunAsync("foretell", "cluster", "--help");

        Assert.Equal(1, Builds);
    }

    private string At(string path) => Path.Combine(_root.FullName, path);

    private async Task<(int Code, string Output, string Error)> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(At(script), arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["PATH"] = $"{At("bin")}:{start.Environment["PATH"]}";
        start.Environment["BUILDS"] = At("builds");
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}
