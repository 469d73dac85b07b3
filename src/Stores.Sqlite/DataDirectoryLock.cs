using Foretell.Engine;

namespace Foretell.Stores.Sqlite;

/// <summary>Keeps a second process out of a data directory. The system lets go of it when the process ends, however it ends.</summary>
internal sealed class DataDirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Creates the directory when it is missing, and locks it.</summary>
    /// <exception cref="StorageException">Another process holds the lock, or the directory cannot be written.</exception>
    public static DataDirectoryLock Take(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return new DataDirectoryLock(
                new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e is not DirectoryNotFoundException and not PathTooLongException && Directory.Exists(directory))
        {
            throw new StorageException(
                $"The data directory {directory} is in use by another process. Stop it, or choose another directory.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"The data directory {directory} cannot be written: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
