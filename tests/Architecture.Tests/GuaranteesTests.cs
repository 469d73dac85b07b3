using System.Text.RegularExpressions;
using Foretell.Support;

namespace Foretell.Architecture.Tests;

/// <summary>Every promise of docs/guarantees.md names tests, and these exist.</summary>
public partial class GuaranteesTests
{
    [Fact]
    public void Promise_WhenItIsMade_NamesTestsThatExist()
    {
        string tests = string.Join('\n', Directory.EnumerateFiles(Repository.At("tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !Repository.IsBuildOutput(file)).Select(File.ReadAllText));
        string[] promises = [.. File.ReadLines(Repository.At("docs/guarantees.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| ---", StringComparison.Ordinal)
                && !line.StartsWith("| promise", StringComparison.Ordinal))];
        Assert.True(promises.Length > 20);
        var missing = new List<string>();
        foreach (string promise in promises)
        {
            string[] named = [.. Named().Matches(promise.Split('|')[^2]).Select(match => match.Groups[1].Value)];
            if (named.Length == 0)
            {
                missing.Add($"no test: {promise}");
            }
            missing.AddRange(named.Where(name => !Regex.IsMatch(tests, $@"class {name.Split('.')[0]}\b")
                || name.Contains('.') && !Regex.IsMatch(tests, $@" {name.Split('.')[1]}\(")));
        }
        Assert.True(missing.Count == 0, $"docs/guarantees.md names what is not there:\n{string.Join('\n', missing)}");
    }

    [GeneratedRegex("`([A-Za-z]+(?:\\.[A-Za-z0-9_]+)?)`")]
    private static partial Regex Named();
}
