using System.Globalization;
using Foretell.Web;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>One stream's forecast as a table and its marks as bars.</summary>
internal static class ForecastView
{
    /// <summary>Marks that get a bar of their own; the rest share one.</summary>
    private const int MaxBars = 10;

    public static void Write(ForecastAnswer forecast)
    {
        string horizon = Durations.Show(forecast.HorizonSeconds);
        Table table = Tables.KeyValue()
            .AddRow("stream", $"[bold]{Markup.Escape(forecast.Stream)}[/]")
            .AddRow("asked at", Format.Time(forecast.At))
            .AddRow("last event", $"{Format.Time(forecast.LastEventTime)}, silent for {Durations.Show(forecast.SilenceSeconds)}")
            .AddRow("so long a silence", forecast.LogSurvival is { } log ? $"{Format.OneIn(log)} (survival {Format.Probability(forecast.Survival)})" : "practically impossible")
            .AddRow("next event in", $"median [bold]{Show(forecast.Next.Median)}[/], mean {Show(forecast.Next.Mean)}");
        foreach (QuantileValue quantile in forecast.Next.Quantiles)
        {
            table.AddRow("", $"{quantile.Probability.ToString("0.##", CultureInfo.InvariantCulture),4} by {Show(quantile.Seconds)}");
        }
        table.AddRow($"within {horizon}", Format.Probability(forecast.ProbabilityWithinHorizon))
            .AddRow($"events in {horizon}", forecast.ExpectedCount is { } count ? count.ToString("0.##", CultureInfo.InvariantCulture) + " expected" : "too many to count");
        Terminal.Out.Write(table);

        if (forecast.Marks.Count > 0)
        {
            WriteMarks(forecast.Marks);
        }
    }

    private static void WriteMarks(IReadOnlyList<MarkChance> marks)
    {
        BarChart chart = new BarChart().Width(72).Label("next mark, percent").LeftAlignLabel().WithMaxValue(100);
        foreach (MarkChance mark in marks.Take(MaxBars))
        {
            chart.AddItem(Markup.Escape(mark.Mark), Math.Round(100 * mark.Probability, 1), Color.Green);
        }
        if (marks.Count > MaxBars)
        {
            chart.AddItem($"{marks.Count - MaxBars} others", Math.Round(100 * marks.Skip(MaxBars).Sum(m => m.Probability), 1), Color.Grey);
        }
        Terminal.Out.WriteLine();
        Terminal.Out.Write(chart);
    }

    private static string Show(double? seconds) => Durations.Show(seconds ?? double.PositiveInfinity);
}
