using Foretell.Cli.Shell;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Foretell.Cli.Views;

/// <summary>A line of the screen that is never wrapped.</summary>
/// <param name="Text">What it says (<see cref="OneLine.Of"/> where others wrote it).</param>
/// <param name="Rank">What there is no room for is left out from the highest rank on; 0 stays longest.</param>
/// <param name="Color">Its colour.</param>
internal sealed record ScreenLine(string Text, int Rank, Color Color)
{
    /// <summary>The lines that matter most of those given, in their order.</summary>
    public static List<ScreenLine> Fit(IEnumerable<ScreenLine> lines, int rows)
    {
        List<ScreenLine> kept = [.. lines];
        while (kept.Count > Math.Max(0, rows))
        {
            kept.RemoveAt(kept.FindLastIndex(line => line.Rank == kept.Max(other => other.Rank)));
        }
        return kept;
    }

    /// <summary>The line on a screen of so many columns.</summary>
    public IRenderable Render(int width) => new Text(OneLine.Cut(Text, width), new Style(Color));
}
