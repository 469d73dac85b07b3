using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Web.Forecasts;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>One stream's forecast as a table and its marks as bars.</summary>
internal static class ForecastView
{
    /// <summary>Marks that get a bar of their own; the rest share one.</summary>
    private const int MaxBars = 10;

    /// <summary>Marks less likely than this share one bar, too.</summary>
    private const double MinShown = 0.001;

    private const int BarWidth = 40;

    public static void Write(ForecastAnswer forecast)
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
        foreach (QuantileValue quantile in forecast.Next.Quantiles)
        {
            table.AddRow("", $"{quantile.Probability.ToString("0.##", CultureInfo.InvariantCulture),4} by {Show(quantile.Seconds)}");
        }
        table.AddRow($"within {horizon}", Format.Probability(forecast.ProbabilityWithinHorizon))
            .AddRow($"events in {horizon}", forecast.ExpectedCount is { } count
                ? count.ToString("0.##", CultureInfo.InvariantCulture) + " expected" : "too many to count");
        Terminal.Out.Write(table);

        if (forecast.Marks.Count > 0)
        {
            WriteMarks(forecast.Marks);
        }
    }

    private static void WriteMarks(IReadOnlyList<MarkChance> marks)
    {
        MarkChance[] shown = [.. marks.Take(MaxBars).Where(m => m.Probability >= MinShown)];
        Table table = new Table().Border(TableBorder.None).HideHeaders()
            .AddColumn("mark").AddColumn(new TableColumn("probability").RightAligned()).AddColumn("bar");
        foreach (MarkChance mark in shown)
        {
            table.AddRow(Terminal.Escape(mark.Mark), Format.Percent(mark.Probability), $"[green]{Bar(mark.Probability)}[/]");
        }
        if (shown.Length < marks.Count)
        {
            double rest = marks.Skip(shown.Length).Sum(m => m.Probability);
            table.AddRow($"[grey]{marks.Count - shown.Length} others[/]", $"[grey]{Format.Percent(rest)}[/]", $"[grey]{Bar(rest)}[/]");
        }
        Terminal.Out.WriteLine();
        Terminal.Out.WriteLine("next mark");
        Terminal.Out.Write(table);
    }

    private static string Bar(double share) => new('█', (int)Math.Round(share * BarWidth));

    private static string Show(double? seconds) => Format.Duration(seconds ?? double.PositiveInfinity);
}
