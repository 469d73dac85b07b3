namespace Foretell.Cli.Reports;

/// <summary>Files of a report, whole at every moment.</summary>
internal static class ReportFile
{
    /// <summary>Writes a file in the place of an earlier one.</summary>
    public static void Replace(string folder, string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path + ".part", text);
        File.Move(path + ".part", path, overwrite: true);
    }
}
