using Foretell.Engine;
using Foretell.Engine.Store;

namespace Foretell.Stores.Sqlite;

/// <summary>A data directory: the log in one SQLite file, the rows of each partition in another, the alerts in a third, and a lock that
/// one process holds.</summary>
public static class SqliteStorage
{
    /// <summary>How to open a data directory, or begin a new one.</summary>
    /// <param name="directory">The directory; created when missing.</param>
    /// <param name="partitions">Partitions of a new log; null takes those of the log that is there, and 8 for a new one.</param>
    /// <returns>A function of the clock of append times that throws <see cref="StorageException"/> where the directory is in use,
    /// has another partition count or cannot be read.</returns>
    public static Func<TimeProvider, CancellationToken, Task<PlatformStorage>> In(string directory, int? partitions = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        return (time, _) => OpenAsync(directory, partitions, time);
    }

    private static async Task<PlatformStorage> OpenAsync(string directory, int? partitions, TimeProvider time)
    {
        DataDirectoryLock hold = DataDirectoryLock.Take(directory);
        SqliteEventLog? log = null;
        try
        {
            log = SqliteEventLog.Open(Path.Combine(directory, "log.db"), partitions, time);
            var store = new SqliteStateStore(directory, log.Identity, p => log.Trimmed(p) == 0) { IsLogDurable = () => log.IsDurable };
            return new PlatformStorage($"data directory {directory}", log, store, SqliteAlertLog.Open(directory, time), hold)
            {
                Measure = _ => Task.FromResult(DirectoryUsage.Measure(directory)),
            };
        }
        catch
        {
            await (log?.DisposeAsync() ?? default);
            hold.Dispose();
            throw;
        }
    }
}
