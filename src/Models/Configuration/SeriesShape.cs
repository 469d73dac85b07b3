namespace Foretell.Models.Configuration;

/// <summary>What a model forecasts of regular series: readings of one quantity, one a step of the clock.</summary>
/// <param name="Horizon">Next readings H that are forecast, 1 or more.</param>
/// <param name="Window">Latest readings that a row keeps and the model reads, 48 or more.</param>
/// <param name="Seasons">Lengths of seasons in readings, each 2 or more: 24 and 168 are the day and the week of an hourly series. Empty
/// where there are none.</param>
public sealed record SeriesShape(int Horizon, int Window, IReadOnlyList<int> Seasons)
{
    /// <summary>Longest horizon, and longest window.</summary>
    public const int Longest = 4096;

    /// <summary>Shortest window: two stretches of <see cref="Stretch"/> readings.</summary>
    public const int ShortestWindow = 2 * Stretch;

    /// <summary>Most seasons.</summary>
    public const int MostSeasons = 8;

    /// <summary>Latest readings that the network reads one by one; older ones as means of so many.</summary>
    internal const int Stretch = 24;
}
