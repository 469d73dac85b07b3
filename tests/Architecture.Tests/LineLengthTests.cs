using System.Text.RegularExpressions;
using Foretell.Support;

namespace Foretell.Architecture.Tests;

/// <summary>Lines end where .editorconfig says, so that two files fit side by side.</summary>
public sealed partial class LineLengthTests
{
    private static readonly int s_limit = int.Parse(Limit().Match(File.ReadAllText(Repository.At(".editorconfig"))).Groups[1].Value);

    [Fact]
    public void Line_WhenItsTextsAreLeftOut_EndsBeforeTheLimit()
    {
        string[] longer = [.. Directory.EnumerateFiles(Repository.Root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Repository.IsBuildOutput(file)).SelectMany(Longer)];

        Assert.True(longer.Length == 0, $"Longer than {s_limit} columns:\n{string.Join('\n', longer)}");
    }

    private static IEnumerable<string> Longer(string file)
    {
        bool raw = false;
        int number = 0;
        // The docstrings of the API's answers are its descriptions, where a line break would show.
        bool isWeb = Repository.Name(file).StartsWith("src/Web/", StringComparison.Ordinal);
        foreach (string line in File.ReadLines(file))
        {
            number++;
            bool within = raw;
            raw ^= line.Split("\"\"\"").Length % 2 == 0;
            // A sentence for a user is not cut to fit, nor is a statement of SQL or a line of CSS.
            bool skipped = within || raw || (isWeb && line.TrimStart().StartsWith("///", StringComparison.Ordinal));
            if (!skipped && Text().Replace(line, "\"\"").Length > s_limit)
            {
                yield return $"{Repository.Name(file)}({number})";
            }
        }
    }

    [GeneratedRegex(@"max_line_length = (\d+)")]
    private static partial Regex Limit();

    [GeneratedRegex("\"\"\".*?\"\"\"|\"(\\\\.|[^\"\\\\])*\"")]
    private static partial Regex Text();
}
