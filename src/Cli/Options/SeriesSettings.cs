using System.CommandLine;
using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Models.Comparison;
using Foretell.Models.Configuration;
using Foretell.Models.Series;
using Foretell.Models.Training;

namespace Foretell.Cli.Options;

/// <summary>Options of a comparison of series: what is forecast, and from what.</summary>
internal sealed class SeriesSettings
{
    /// <summary>Readings of a horizon.</summary>
    public Option<int?> Horizon { get; } = Settings.OptionalNumber("--horizon", "With --task series: next readings to forecast.", 1, SeriesShape.Longest);

    /// <summary>Readings that are kept.</summary>
    public Option<int> Window { get; } = Settings.Number("--window",
        "With --task series: latest readings that each series keeps and the forecast reads as values.", SeriesShape.ShortestWindow, SeriesShape.Longest, SeriesTrainer.DefaultWindow);

    /// <summary>Lengths of seasons.</summary>
    public Option<int[]?> Seasons { get; } = Settings.Parsed<int[]?>("--seasons", "24,168",
        "With --task series: readings of each season, where series have some. Models read where in each they are, counted from time 0; the first is what the seasonal naive repeats.", ParseSeasons);

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [Horizon, Window, Seasons];

    /// <summary>What the options say.</summary>
    public SeriesComparisonOptions Read(ParseResult parsed, TrainingOptions training, ComparisonForm[]? forms, int seeds)
    {
        int window = parsed.GetValue(Window);
        int[] seasons = parsed.GetValue(Seasons) ?? [];
        if (seasons.FirstOrDefault(s => s > window) is > 0 and var season)
        {
            throw new UsageException($"A season of {season} readings does not fit the window of {window}. Leave it out, or name a longer --window.");
        }
        var options = new SeriesComparisonOptions
        {
            Seeds = seeds,
            Series = new SeriesShape(parsed.GetValue(Horizon)!.Value, window, seasons),
            Training = training with
            {
                Epochs = training.Epochs ?? SeriesTrainer.DefaultEpochs,
                LearningRate = SeriesTrainer.DefaultLearningRate,
            },
        };
        return forms is { Length: > 0 } ? options with { Forms = forms } : options;
    }

    private static int[] ParseSeasons(string text)
    {
        int[] seasons = [.. text.Split(',', StringSplitOptions.TrimEntries).Select(part =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int season)
                && season is >= 2 and <= SeriesShape.Longest ? season
            : throw new CliException($"--seasons must be whole numbers of readings from 2 to {SeriesShape.Longest}, separated by commas, got '{part}'."))];
        return seasons.Length <= SeriesShape.MostSeasons && seasons.Distinct().Count() == seasons.Length ? seasons
            : throw new CliException($"--seasons must be at most {SeriesShape.MostSeasons} different numbers, got '{text}'.");
    }
}
