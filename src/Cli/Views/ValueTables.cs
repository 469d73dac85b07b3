using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Web.Forecasts;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>How much the next event brings, what a horizon adds up to, and what kind of stream it is.</summary>
internal static class ValueTables
{
    /// <summary>Kinds of stream that are named.</summary>
    private const int MostKinds = 10;

    /// <summary>Writes what of it the forecast tells.</summary>
    public static void Write(ForecastAnswer forecast)
    {
        if (forecast.Values is { Count: > 0 } values)
        {
            Terminal.Out.WriteLine();
            Table table = Tables.Numbers("next event's values", ["there", "mean", .. values[0].Quantiles.Select(Heading)]).Compact();
            foreach (ValueAnswer value in values)
            {
                table.AddRow([Terminal.Escape(value.Name), Format.Percent(value.Probability), Number(value.Mean),
                    .. value.Quantiles.Select(q => Number(q.Value))]);
            }
            Terminal.Out.Write(table);
        }
        if (forecast.Sums is { Count: > 0 } sums)
        {
            Terminal.Out.WriteLine();
            Table table = Tables.Numbers($"sum in {Format.Duration(forecast.HorizonSeconds)}", ["mean", .. sums[0].Quantiles.Select(Heading)]).Compact();
            foreach (SumAnswer sum in sums)
            {
                table.AddRow([Terminal.Escape(sum.Name), Number(sum.Mean), .. sum.Quantiles.Select(q => Number(q.Value))]);
            }
            Terminal.Out.Write(table);
        }
        if (forecast.Label is { Count: > 0 } kinds)
        {
            Terminal.Out.WriteLine();
            Table table = Tables.Numbers("kind of stream", "probability").Compact();
            foreach (LabelChance kind in kinds.Take(MostKinds))
            {
                table.AddRow(Terminal.Escape(kind.Name), Format.Percent(kind.Probability));
            }
            Terminal.Out.Write(table);
        }
    }

    /// <summary>Writes what a stream's actions are expected to bring.</summary>
    public static void Write(ActionsAnswer answer)
    {
        ValueQuantile[] quantiles = [.. answer.Actions.FirstOrDefault(a => a.Return is not null)?.Return?.Quantiles ?? []];
        Table table = Tables.Numbers($"{Terminal.Escape(answer.Reward)} in {Format.Duration(answer.HorizonSeconds)}",
            ["taken so far", "mean", .. quantiles.Select(Heading)]).Compact();
        foreach (ActionAnswer action in answer.Actions)
        {
            table.AddRow([Terminal.Escape(action.Action), Format.Percent(action.Share), .. action.Return is { } sum
                ? [Number(sum.Mean), .. sum.Quantiles.Select(q => Number(q.Value))]
                : quantiles.Select(_ => "-").Prepend("not ranked")]);
        }
        Terminal.Out.Write(table);
    }

    private static string Heading(ValueQuantile quantile) => quantile.Probability.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Number(double? value) => value is { } x ? x.ToString("G4", CultureInfo.InvariantCulture) : "too large";
}
