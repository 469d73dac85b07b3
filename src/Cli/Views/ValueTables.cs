using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Web.Forecasts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Foretell.Cli.Views;

/// <summary>How much the next event brings, what a horizon adds up to, and what kind of stream it is.</summary>
internal static class ValueTables
{
    /// <summary>Kinds of stream that are named.</summary>
    private const int MostKinds = 10;

    /// <summary>Cells of a name, at most.</summary>
    private const int NameWidth = 24;

    /// <summary>Writes what of it the forecast tells.</summary>
    public static void Write(ForecastAnswer forecast)
    {
        foreach (Table table in Of(forecast, Terminal.Out))
        {
            Terminal.Out.WriteLine();
            Terminal.Out.Write(table);
        }
    }

    /// <summary>A table of each that the forecast tells.</summary>
    /// <param name="forecast">The forecast.</param>
    /// <param name="console">Where they are to be shown.</param>
    public static IEnumerable<Table> Of(ForecastAnswer forecast, IAnsiConsole console)
    {
        if (forecast.Values is { Count: > 0 } values)
        {
            yield return Fitting(console, values[0].Quantiles.Count, shown => Numbers("next event's values",
                ["there", "mean", .. shown.Select(i => Heading(values[0].Quantiles[i]))], values.Select(v => (v.Name,
                    (string[])[Format.Percent(v.Probability), Number(v.Mean), .. shown.Select(i => Number(v.Quantiles[i].Value))]))));
        }
        if (forecast.Sums is { Count: > 0 } sums)
        {
            yield return Fitting(console, sums[0].Quantiles.Count, shown => Numbers($"sum in {Format.Duration(forecast.HorizonSeconds)}",
                ["mean", .. shown.Select(i => Heading(sums[0].Quantiles[i]))],
                sums.Select(s => (s.Name, (string[])[Number(s.Mean), .. shown.Select(i => Number(s.Quantiles[i].Value))]))));
        }
        if (forecast.Label is { Count: > 0 } kinds)
        {
            yield return Numbers("kind of stream", ["probability"],
                kinds.Take(MostKinds).Select(k => (k.Name, (string[])[Format.Percent(k.Probability)])));
        }
    }

    /// <summary>Writes what a stream's actions are expected to bring.</summary>
    public static void Write(ActionsAnswer answer)
    {
        IReadOnlyList<ValueQuantile> told = answer.Actions.FirstOrDefault(a => a.Return is not null)?.Return?.Quantiles ?? [];
        Terminal.Out.Write(Fitting(Terminal.Out, told.Count, shown => Numbers($"{answer.Reward} in {Format.Duration(answer.HorizonSeconds)}",
            ["share in training", "mean", .. shown.Select(i => Heading(told[i]))], answer.Actions.Select(a => (a.Action,
                (string[])[Format.Percent(a.Share), .. a.Return is { } sum
                    ? [Number(sum.Mean), .. shown.Select(i => Number(sum.Quantiles[i].Value))] : shown.Select(_ => "-").Prepend("not ranked")])))));
    }

    private static Table Numbers(string heading, string[] headings, IEnumerable<(string Name, string[] Cells)> rows)
    {
        Table table = Tables.Numbers(heading, headings).Compact();
        foreach ((string name, string[] cells) in rows)
        {
            table.AddRow([Terminal.Escape(OneLine.Cut(OneLine.Of(name), NameWidth)), .. cells]);
        }
        return table;
    }

    /// <summary>The table with all quantiles; where the window is too narrow, with the outer ones and the middle, or the middle alone: a
    /// number that is cut is another number.</summary>
    private static Table Fitting(IAnsiConsole console, int quantiles, Func<int[], Table> table)
    {
        int middle = quantiles / 2;
        int[][] choices = [[.. Enumerable.Range(0, quantiles)], [.. new[] { 0, middle, quantiles - 1 }.Distinct()], [middle]];
        return choices.Select(table).FirstOrDefault(Fits) ?? table([]);

        bool Fits(Table candidate) =>
            ((IRenderable)candidate).Measure(RenderOptions.Create(console), int.MaxValue).Max <= console.Profile.Width;
    }

    private static string Heading(ValueQuantile quantile) => quantile.Probability.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Number(double? value) => value is { } x ? x.ToString("G4", CultureInfo.InvariantCulture) : "too large";
}
