using Foretell.Cli.Shell;

namespace Foretell.Cli.Reports;

/// <summary>Files of a report, whole at every moment.</summary>
internal static class ReportFile
{
    /// <summary>Runs a comparison and writes report.json and report.html after every row.</summary>
    /// <param name="folder">Where they go; made where it is missing.</param>
    /// <param name="done">The rows, each as soon as it is done.</param>
    /// <param name="report">The report of the rows so far, and whether these are all.</param>
    /// <param name="page">A report as a page.</param>
    /// <returns>The report of all rows.</returns>
    public static TReport Write<TRow, TReport>(string folder, IEnumerable<TRow> done, Func<IReadOnlyList<TRow>, bool, TReport> report,
        Func<TReport, string> page)
    {
        Directory.CreateDirectory(folder);
        List<TRow> rows = [];
        foreach (TRow row in done)
        {
            rows.Add(row);
            WriteFiles(isComplete: false);
        }
        return WriteFiles(isComplete: true);

        TReport WriteFiles(bool isComplete)
        {
            TReport now = report(rows, isComplete);
            Replace(folder, "report.json", JsonOutput.Indented(now));
            Replace(folder, "report.html", page(now));
            return now;
        }
    }

    /// <summary>Writes a file in the place of an earlier one.</summary>
    public static void Replace(string folder, string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path + ".part", text);
        File.Move(path + ".part", path, overwrite: true);
    }
}
