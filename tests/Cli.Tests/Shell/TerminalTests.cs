using Foretell.Cli.Shell;
using Foretell.Support;

namespace Foretell.Cli.Tests.Shell;

/// <summary>What comes from elsewhere never steers the terminal.</summary>
public class TerminalTests
{
    [Fact]
    public void Escape_WhenTextSteersOrMarks_ShowsItAsItIs() => Assert.Equal("\\u001b[[2J]]\\u202e", Terminal.Escape("\u001b[2J]\u202E"));

    /// <summary>Other ways to the terminal would go around the escape.</summary>
    [Theory]
    [InlineData("Markup.Escape(")]
    [InlineData("Console.Out.Write")]
    [InlineData("Console.Write")]
    [InlineData("Console.Error.Write")]
    public void Sources_WhenTheyPrint_GoThroughTheTerminal(string other)
    {
        string[] sources = [.. Directory.EnumerateFiles(Repository.At("src/Cli"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && Path.GetFileName(f) != "Terminal.cs")];

        Assert.True(sources.Length > 50);
        Assert.All(sources, f => Assert.DoesNotContain(other, File.ReadAllText(f)));
    }
}
