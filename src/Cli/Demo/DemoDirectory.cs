using Foretell.Cli.Shell;

namespace Foretell.Cli.Demo;

/// <summary>The demo's own data folder. Each demo begins anew in it (docs/decisions/0006-the-demo-begins-anew.md).</summary>
internal static class DemoDirectory
{
    private const string Marker = "made-by-the-foretell-demo";

    /// <summary>Empties the demo's folder within a data directory and returns its path.</summary>
    /// <exception cref="CliException">A folder of that name exists that no demo made.</exception>
    public static string Prepare(string dataDirectory)
    {
        string folder = Path.Combine(dataDirectory, "demo");
        string marker = Path.Combine(folder, Marker);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            if (!File.Exists(marker))
            {
                throw new CliException(
                    $"The demo keeps its data in {folder} and clears it at each start, but what is there was not made by it; " +
                    "move it, or choose another folder with --data-dir.");
            }
            if (IsFree(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        Directory.CreateDirectory(folder);
        File.WriteAllText(marker, "The demo deletes this folder at each start.\n");
        return folder;
    }

    /// <summary>False while another demo runs there: opening the platform will then say so.</summary>
    private static bool IsFree(string folder)
    {
        try
        {
            using var held = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
