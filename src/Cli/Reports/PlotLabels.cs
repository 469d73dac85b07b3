
namespace Foretell.Cli.Reports;

/// <summary>Moves labels of points that lie close together apart.</summary>
internal static class PlotLabels
{
    private const double LineHeight = 13, Nearby = 90;

    /// <summary>The labels from top to bottom, each moved down as far as those above it and nearby require. Pixels.</summary>
    public static IReadOnlyList<(double X, double Y, string Text)> Spread(IEnumerable<(double X, double Y, string Text)> labels)
    {
        List<(double X, double Y, string Text)> placed = [];
        foreach ((double x, double y, string text) in labels.OrderBy(l => l.Y))
        {
            double free = placed.Where(p => Math.Abs(p.X - x) < Nearby).Select(p => p.Y + LineHeight).Where(least => least > y)
                .DefaultIfEmpty(y).Max();
            placed.Add((x, free, text));
        }
        return placed;
    }
}
