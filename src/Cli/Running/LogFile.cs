using System.Text;

namespace Foretell.Cli.Running;

/// <summary>A file of log entries that does not grow without end: what is full becomes the one older file, beside it.</summary>
/// <param name="path">The file; made with its first entry.</param>
/// <param name="mostBytes">Bytes from which on it is begun anew.</param>
internal sealed class LogFile(string path, long mostBytes = 8 << 20)
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Adds an entry.</summary>
    /// <returns>False where the file cannot be written: a log that fails must not stop what it tells of.</returns>
    public bool TryAdd(string entry)
    {
        try
        {
            if (File.Exists(Path) && new FileInfo(Path).Length >= mostBytes)
            {
                File.Move(Path, Path + ".1", overwrite: true);
            }
            File.AppendAllText(Path, entry + Environment.NewLine, Encoding.UTF8);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
