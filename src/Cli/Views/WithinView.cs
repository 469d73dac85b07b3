using System.Globalization;
using Foretell.Cli.Shell;
using Foretell.Models.Scoring;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>How well it was told whether marks come within a time.</summary>
internal static class WithinView
{
    /// <summary>Writes it.</summary>
    /// <param name="asked">Times in the model's unit.</param>
    /// <param name="unit">Seconds of one.</param>
    public static void Write(WithinEvaluation asked, double unit)
    {
        Table table = Tables.Numbers($"within {Format.Duration(asked.Horizon * unit)}", "asked", "came", "expected", "AUC", "avg prec.",
            "log loss");
        foreach (WithinScore score in asked.Model)
        {
            Add(table, score.Mark is { } mark ? Terminal.Escape(mark) : "[bold]all of them[/]", score);
        }
        Add(table, "[grey]by own rate[/]", asked.OwnRate[^1]);
        Terminal.Out.Write(table);
    }

    private static void Add(Table table, string name, WithinScore score) =>
        table.AddRow(name, Format.Count(score.Questions), Format.Count(score.Came),
            score.Expected.ToString("#,0.0", CultureInfo.InvariantCulture), Share(score.Auc), Share(score.AveragePrecision),
            Format.Nats(score.LogLoss));

    private static string Share(double? share) => share?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-";
}
