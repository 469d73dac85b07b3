using System.Text.RegularExpressions;
using Foretell.Support;

namespace Foretell.Architecture.Tests;

/// <summary>The solution holds everything that the test command builds and runs.</summary>
public partial class SolutionTests
{
    private static readonly IReadOnlyList<string> s_inSolution =
        [.. ProjectLine().Matches(File.ReadAllText(Repository.At("Platform.sln"))).Select(m => m.Groups[1].Value.Replace('\\', '/'))];

    [Fact]
    public void Solution_WhenComparedWithTheFolders_HoldsEveryProject() =>
        Assert.Equal(Repository.Projects("src", "tests", "bench").Select(Repository.Name), s_inSolution.Order(StringComparer.Ordinal));

    [Fact]
    public void SourceProject_WhenItExists_HasItsTests() =>
        Assert.All(Repository.Projects("src"), p =>
        {
            string name = Path.GetFileNameWithoutExtension(p);
            Assert.True(File.Exists(Repository.At($"tests/{name}.Tests/{name}.Tests.csproj")), $"{name} has no test project.");
        });

    [Theory]
    [InlineData("foretell")]
    [InlineData("test")]
    [InlineData(".ci/run")]
    [InlineData("bench/gpu/run")]
    public void Script_WhenCheckedOut_CanBeRun(string script)
    {
        string path = Repository.At(script);

        Assert.StartsWith("#!/usr/bin/env bash\n", File.ReadAllText(path));
        if (!OperatingSystem.IsWindows())
        {
            Assert.True(File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute), $"{script} is not executable.");
        }
    }

    [GeneratedRegex("^Project\\(.*\"([^\"]+\\.csproj)\"", RegexOptions.Multiline)]
    private static partial Regex ProjectLine();
}
