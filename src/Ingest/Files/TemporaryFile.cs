namespace Foretell.Ingest.Files;

/// <summary>A file for what does not fit in memory, in the system's folder for temporary files (TMPDIR). Its name is taken back at once, so
/// that nothing of it stays behind, however the process ends.</summary>
internal static class TemporaryFile
{
    /// <summary>Opens an empty one; disposing it gives its room back.</summary>
    /// <exception cref="EventFileException">There is no room, or no right to write.</exception>
    public static FileStream Create(string forFile)
    {
        string path = Path.Combine(Path.GetTempPath(), $"foretell-{Guid.NewGuid():N}");
        try
        {
            var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, 1 << 16);
            try
            {
                File.Delete(path);
                return file;
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(forFile, error);
        }
    }

    /// <summary>What is said where it cannot be written.</summary>
    public static EventFileException Unwritable(string forFile, Exception error) => new(forFile, 0,
        $"A temporary file in {Path.GetTempPath()} is needed and cannot be written: {error.Message} Make room there, or name another folder with the variable TMPDIR.",
        error);
}
