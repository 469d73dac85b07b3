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
        return text.ToString();
    }
}
