using System.Text;

namespace Foretell.Cli.Reports;

/// <summary>A comparison as a page of Markdown.</summary>
internal static class ComparisonMarkdown
{
    public static string Of(ComparisonReport report)
    {
        var text = new StringBuilder();
        text.Append("# Comparison\n\n");
        if (!report.IsComplete)
        {
            text.Append("Not finished: rows are still to come.\n\n");
        }
        foreach (string line in ComparisonText.Facts(report))
        {
            text.Append("- ").Append(line).Append('\n');
        }
        ComparisonColumn[] columns = ComparisonColumn.Of(report);
        text.Append("\n| ").AppendJoin(" | ", columns.Select(c => c.Heading)).Append(" |\n|");
        foreach (ComparisonColumn column in columns)
        {
            text.Append(column.IsNumber ? " ---: |" : " --- |");
        }
        text.Append('\n');
        foreach (ReportRow row in report.Rows)
        {
            text.Append("| ").AppendJoin(" | ", columns.Select(c => c.IsBest(row) ? $"**{c.Show(row)}**" : c.Show(row))).Append(" |\n");
        }
        text.Append('\n');
        foreach (string note in ComparisonText.Notes(report))
        {
            text.Append("- ").Append(note).Append('\n');
        }
        if (report.Horizons is { } horizons)
        {
            Append(text, horizons);
        }
        return text.ToString();
    }

    private static void Append(StringBuilder text, HorizonTable horizons)
    {
        text.Append("\n## Whole horizons\n\n| ").AppendJoin(" | ", HorizonTable.Headings).Append(" |\n| --- | ---: | ---: | ---: |\n");
        foreach (HorizonRow row in horizons.Rows)
        {
            text.Append("| ").AppendJoin(" | ", horizons.Cells(row).Select(c => c.IsBest ? $"**{c.Text}**" : c.Text)).Append(" |\n");
        }
        text.Append('\n');
        foreach (string note in horizons.Notes())
        {
            text.Append("- ").Append(note).Append('\n');
        }
    }
}
