using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Ingest.Decoding;
using Foretell.Web.Forecasts;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>One stream's forecast as a table and its marks as bars.</summary>
internal static class ForecastView
{
    /// <summary>Marks that get a bar of their own where nobody says how many; the rest share one.</summary>
    private const int DefaultBars = 10;

    /// <summary>There, marks less likely than this share one bar, too.</summary>
    private const double MinShown = 0.001;

    /// <summary>Cells of "4,096 others".</summary>
    private const int OtherNameWidth = 12;

    /// <summary>Cells of a bar for 1, where the terminal has room for it.</summary>
    private const int MaxBarWidth = 40;

    /// <summary>Writes them.</summary>
    /// <param name="forecast">The forecast.</param>
    /// <param name="bars">Marks that get a bar of their own; null for the likely ones.</param>
    public static void Write(ForecastAnswer forecast, int? bars)
    {
        string horizon = Format.Duration(forecast.HorizonSeconds);
        Table table = Tables.KeyValue()
            .AddRow("stream", $"[bold]{Terminal.Escape(forecast.Stream)}[/]")
            .AddRow("asked at", Format.Time(forecast.At))
            .AddRow("last event", $"{Format.Time(forecast.LastEventTime)}, silent for {Format.Duration(forecast.SilenceSeconds)}")
            .AddRow("so long a silence", forecast.LogSurvival is { } log
                ? $"{Format.OneIn(log)} (survival {Format.Probability(forecast.Survival)})" : "practically impossible")
            .AddRow("next event in",
                $"median [bold]{Show(forecast.Next.Median)}[/], mean {Show(forecast.Next.Mean)}{(forecast.Next.Never is null ? "" : " if one comes")}");
        if (forecast.Next.Never is { } never)
        {
            table.AddRow("gone for good", $"[bold]{Format.Percent(never)}[/] (no next event at all)");
        }
        if (forecast.Remaining is { } remaining)
        {
            table.AddRow("last event in", $"median [bold]{Show(remaining.Median)}[/]"
                + (remaining.Quantiles is [var first, .., var last] ? $", {Show(first.Seconds)} to {Show(last.Seconds)} with {(100 * (last.Probability - first.Probability)).ToString("0.##", CultureInfo.InvariantCulture)} %" : ""));
        }
        foreach (QuantileValue quantile in forecast.Next.Quantiles)
        {
            table.AddRow("", $"{quantile.Probability.ToString("0.##", CultureInfo.InvariantCulture),4} by {Show(quantile.Seconds)}");
        }
        table.AddRow($"within {horizon}", Format.Probability(forecast.ProbabilityWithinHorizon))
            .AddRow($"events in {horizon}", Count(forecast.Count));
        foreach (WithinAnswer within in forecast.Within ?? [])
        {
            table.AddRow($"mark {Terminal.Escape(within.Mark)} in {horizon}", $"[bold]{Format.Percent(within.Probability)}[/], "
                + $"{(within.ExpectedCount is { } mean ? Expected(mean) : "too many")} expected");
        }
        Terminal.Out.Write(table);

        if (forecast.Marks.Count + forecast.OtherMarks.Count > 0)
        {
            WriteMarks(forecast.Marks, forecast.OtherMarks, bars);
        }
        ValueTables.Write(forecast);
    }

    private static string Count(CountAnswer? count)
    {
        if (count?.Mean is not { } mean || count.Quantiles is not [{ Count: { } least } low, .., { Count: { } most } high])
        {
            return "too many to count";
        }
        string between = (100 * (high.Probability - low.Probability)).ToString("0.##", CultureInfo.InvariantCulture);
        return $"[bold]{Expected(mean)}[/] expected, {least:N0} to {most:N0} with {between} %";
    }

    /// <summary>A mean count; what rounds to nothing is not nothing.</summary>
    private static string Expected(double mean) =>
        mean is > 0 and < 0.005 ? "under 0.01" : mean.ToString("#,0.##", CultureInfo.InvariantCulture);

    private static void WriteMarks(IReadOnlyList<MarkChance> marks, OtherMarks others, int? bars)
    {
        MarkChance[] shown = [.. bars is null ? marks.Take(DefaultBars).Where(m => m.Probability >= MinShown) : marks];
        Table table = new Table().Border(TableBorder.None).HideHeaders()
            .AddColumn("mark").AddColumn(new TableColumn("probability").RightAligned()).AddColumn("bar");
        // Beside the longest name and a probability with the blanks around it.
        int names = shown.Select(m => VisibleText.Of(m.Mark).GetCellWidth()).Append(OtherNameWidth).Max();
        int width = Math.Clamp(Terminal.Out.Profile.Width - names - 12, 1, MaxBarWidth);
        foreach (MarkChance mark in shown)
        {
            table.AddRow(Terminal.Escape(mark.Mark), Format.Percent(mark.Probability), $"[green]{Bar(mark.Probability, width)}[/]");
        }
        int count = marks.Count - shown.Length + others.Count;
        if (count > 0)
        {
            double rest = marks.Skip(shown.Length).Sum(m => m.Probability) + others.Probability;
            table.AddRow($"[grey]{Format.Count(count, "other")}[/]", $"[grey]{Format.Percent(rest)}[/]", $"[grey]{Bar(rest, width)}[/]");
        }
        Terminal.Out.WriteLine();
        Terminal.Out.WriteLine("next mark");
        Terminal.Out.Write(table);
    }

    private static string Bar(double share, int width) => new('█', (int)Math.Round(share * width));

    private static string Show(double? seconds) => Format.Duration(seconds ?? double.PositiveInfinity);
}
