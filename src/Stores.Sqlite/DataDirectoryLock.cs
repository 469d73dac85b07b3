using Foretell.Engine;

namespace Foretell.Stores.Sqlite;

/// <summary>Keeps a second process out of a data directory. The system lets go of it when the process ends, however it ends.</summary>
internal sealed class DataDirectoryLock : IDisposable
{
    private const int ReadOnlyFileSystem = 30;

    private readonly FileStream? _file;

    private DataDirectoryLock(FileStream? file) => _file = file;

    /// <summary>Creates the directory when it is missing, and locks it.</summary>
    /// <exception cref="StorageException">Another process holds the lock, or the directory can be neither written nor read.</exception>
    public static DataDirectoryLock Take(string directory)
    {
        try
        {
            DataFiles.Current.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"The data directory {directory} cannot be made, or its name not be kept: {e.Message}", e);
        }
        try
        {
            return new DataDirectoryLock(Open(Path.Combine(directory, "lock")));
        }
        catch (IOException e) when (e is not DirectoryNotFoundException and not PathTooLongException)
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
    public void Dispose() => _file?.Dispose();

    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when ((e.HResult & 0xffff) == ReadOnlyFileSystem)
        {
            // What nobody can write needs no lock, but a file that is there can hold one all the same.
            return File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None) : null;
        }
    }
}
