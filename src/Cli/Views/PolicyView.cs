using System.Globalization;
using Foretell.Cli.Reports;
using Foretell.Cli.Shell;
using Foretell.Ingest.Decoding;
using Foretell.Models.Policies;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Values of policies as a table, or on a narrow terminal one policy below the other.</summary>
internal static class PolicyView
{
    /// <summary>Cells between a table's columns.</summary>
    private const int Gap = 3;

    private static readonly (string Heading, Func<PolicyValue, string> Text)[] s_columns =
    [
        ("doubly robust", p => Shown(p.Estimates?.DoublyRobust)),
        ("over the log", p => Shown(p.Estimates?.Gain)),
        ("SNIPS", p => Shown(p.Estimates?.Snips)),
        ("IPS", p => Number(p.Estimates?.Ips.Value)),
        ("effective sample", p => Format.Count((long)Math.Round(p.EffectiveSample)) + (p.Estimates is null ? ", too small" : "")),
        ("mean weight", p => p.MeanWeight.ToString("0.00", CultureInfo.InvariantCulture)),
        ("outside support", p => Format.Percent(p.OutsideSupport)),
    ];

    public static void Write(IAnsiConsole console, PolicyReport report)
    {
        string[][] rows =
        [
            ["reward an episode, 95 % interval", .. s_columns.Select(c => c.Heading)],
            .. report.Policies.Select(p => (string[])[VisibleText.Of(p.Name), .. s_columns.Select(c => c.Text(p))]),
        ];
        if (rows[0].Select((_, i) => rows.Max(row => row[i].GetCellWidth()) + Gap).Sum() <= console.Profile.Width)
        {
            Table table = Tables.Numbers(rows[0][0], rows[0][1..]);
            foreach (string[] row in rows[1..])
            {
                table.AddRow([.. row.Select(Terminal.Escape)]);
            }
            console.Write(table);
        }
        else
        {
            foreach (string[] row in rows[1..])
            {
                Table table = Tables.KeyValue().Compact();
                for (int i = 1; i < row.Length; i++)
                {
                    table.AddRow(Terminal.Escape(rows[0][i]), Terminal.Escape(row[i]));
                }
                console.MarkupLine($"[bold]{Terminal.Escape(row[0])}[/]");
                console.Write(table);
            }
        }
        console.WriteLine($"{Format.Count(report.Episodes, "episode")} with {Format.Count(report.Decisions, "decision")} of {Format.Count(report.Streams, "stream")}"
            + (report.Unfinished > 0 ? $"; {Format.Count(report.Unfinished)} more go on behind the end of the file." : "."));
        foreach (PolicyValue policy in report.Policies.Where(p => p.Unsupported > 0))
        {
            console.WriteLine($"{policy.Name}: {Format.Count(policy.Unsupported, "episode")} left out, where the log hardly ever did what it would do.");
        }
    }

    private static string Shown(PolicyEstimate? estimate) =>
        estimate is { } e ? $"{Number(e.Value)} [{Number(e.Low)}, {Number(e.High)}]" : "-";

    private static string Number(double? value) =>
        value?.ToString(Math.Abs(value.Value) is >= 1000 and < 1e12 ? "N0" : "G4", CultureInfo.InvariantCulture) ?? "-";
}
