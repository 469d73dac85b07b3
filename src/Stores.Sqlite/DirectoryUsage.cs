using Foretell.Engine.Store;

namespace Foretell.Stores.Sqlite;

/// <summary>What a data directory takes of its disk.</summary>
internal static class DirectoryUsage
{
    /// <summary>Sums the files of the directory, and asks its disk.</summary>
    /// <exception cref="IOException">It cannot be read now.</exception>
    public static StorageUsage Measure(string directory)
    {
        // SQLite's files and what it writes beside them; one may go between the list and the look.
        long bytes = new DirectoryInfo(directory).EnumerateFiles("*.db*").Sum(file => file.Exists ? file.Length : 0);
        var disk = new DriveInfo(Path.GetFullPath(directory));
        return new StorageUsage(bytes, disk.AvailableFreeSpace, disk.TotalSize);
    }
}
