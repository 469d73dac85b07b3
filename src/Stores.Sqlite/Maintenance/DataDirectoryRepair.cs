using System.Globalization;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Store;

namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>Makes a damaged data directory one that a host opens: the log from every record that can still be read, rows from the log.
/// Whatever is damaged is moved into a folder of its own, never removed.</summary>
/// <remarks>A crash at any moment leaves a directory that can be repaired again.</remarks>
public static class DataDirectoryRepair
{
    // A new log is made under the first name, and has the second once it is whole.
    private const string UnfinishedLog = "log.db.part", NewLog = "log.db.new";

    /// <summary>Repairs a directory that no host has open.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="time">Names the folder of what is moved aside.</param>
    /// <returns>What was done, a sentence each, as it is done; empty where nothing was damaged.</returns>
    /// <exception cref="StorageException">The directory is in use, is no data directory, cannot be repaired, or the disk fails.</exception>
    /// <exception cref="IOException">The disk fails.</exception>
    public static IEnumerable<string> Run(string directory, TimeProvider time)
    {
        using IEnumerator<string> steps = Steps(directory, time).GetEnumerator();
        while (Next(steps, directory))
        {
            yield return steps.Current;
        }
    }

    private static bool Next(IEnumerator<string> steps, string directory)
    {
        try
        {
            return steps.MoveNext();
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException)
        {
            throw new StorageException($"The repair of {directory} did not come to its end: {e.Message}. No damaged file was removed; "
                + "see to the disk, and run it again.", e);
        }
    }

    private static IEnumerable<string> Steps(string directory, TimeProvider time)
    {
        using DataDirectoryLock hold = DataDirectoryLock.Take(directory);
        Keep(directory);
        string aside = NewFolder(Path.Combine(directory,
            time.GetUtcNow().ToString("'damaged-'yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)));
        string log = Path.Combine(directory, "log.db"), made = Path.Combine(directory, NewLog);
        if (!DataFiles.Current.Exists(log) && DataFiles.Current.Exists(made))
        {
            // A repair before this one was ended between its two moves; what it made was complete by then. SQLite would take what is
            // left of the old log's write-ahead log for the new one's.
            MoveAside(directory, aside, "log.db");
            DataFiles.Current.Move(made, log);
            yield return "log.db: took over what a repair made that was ended before its last step.";
        }
        List<DirectoryFinding> damage = Damage(directory);
        if (damage.Exists(finding => finding.File is "log.db" or AcknowledgedEnds.FileName))
        {
            foreach (string done in RepairLog(directory, log, made, aside))
            {
                yield return done;
            }
            // Rows are judged by the log that there is now.
            damage = Damage(directory);
        }
        foreach (DirectoryFinding found in damage.DistinctBy(finding => finding.File))
        {
            string file = found.File;
            if (file.StartsWith("shard-", StringComparison.Ordinal))
            {
                int partition = ShardBeginning.PartitionOf(file);
                ShardHeader? header = ShardBeginning.FindHeader(directory);
                string where = DataFiles.Current.Exists(Path.Combine(directory, file)) ? $" It is in {aside};" : "";
                MoveAside(directory, aside, file);
                if (ShardBeginning.TrimmedOf(directory, partition) is var trimmed && trimmed == 0)
                {
                    yield return $"{file}: {found.Message}.{where} the next start makes its rows anew from the log.";
                    continue;
                }
                ShardBeginning.Write(directory, partition, header);
                yield return $"{file}: {found.Message}.{where} the log begins at record {trimmed + 1}, and so do its rows: what its streams did "
                    + "before is lost, unless a backup has it.";
            }
            else if (file == "alerts.db")
            {
                MoveAside(directory, aside, file);
                yield return $"{file}: {found.Message}. It is in {aside}; a new log of alerts begins.";
            }
            else
            {
                yield return $"{file}: {found.Message}. It cannot be repaired: restore it from a backup.";
            }
        }
    }

    /// <summary>What a repair that was ended wrote and moved is there to see, and may not outlive a loss of power: this one builds on
    /// it.</summary>
    private static void Keep(string directory)
    {
        foreach (string path in DataFiles.Current.List(directory))
        {
            if (DataFiles.Current.DirectoryExists(path))
            {
                DataFiles.Current.SyncDirectory(path);
            }
            else if (Path.GetExtension(path) is ".db" or ".db-wal" or ".new" or ".ack")
            {
                DataFiles.Current.Sync(path);
            }
        }
        DataFiles.Current.SyncDirectory(directory);
    }

    /// <summary>What is damaged; a file that the disk fails to give may be whole, and nothing is decided without it.</summary>
    private static List<DirectoryFinding> Damage(string directory)
    {
        List<DirectoryFinding> damage = [.. DataDirectoryCheck.Run(directory, isAlone: true).Where(finding => finding.IsDamage)];
        return damage.Find(finding => finding.IsUnreadable) is not { } unreadable ? damage
            : throw new StorageException($"{directory} cannot be repaired now, since its disk fails: {unreadable.File}: {unreadable.Message}. "
                + "The file may be whole. Run the repair again; where the disk goes on failing, copy the folder to another, without what "
                + "cannot be read, and repair the copy.");
    }

    private static IEnumerable<string> RepairLog(string directory, string log, string made, string aside)
    {
        string unfinished = Path.Combine(directory, UnfinishedLog);
        (string Identity, long[] Ends)? witness = ReadWitness(Path.Combine(directory, AcknowledgedEnds.FileName));
        (string Identity, int Partitions, Position Unsealed)? found = LogSalvage.FindLog(log);
        string? identity = found?.Identity ?? witness?.Identity;
        int partitions = found?.Partitions ?? witness?.Ends.Length ?? 0;
        if (identity is null || partitions == 0)
        {
            throw new StorageException($"The log {log} cannot be repaired: neither it nor {AcknowledgedEnds.FileName} still says what log it is. "
                + "Restore a backup.");
        }
        // Another log's witness says nothing of this one.
        long[] ends = witness is { } w && w.Identity == identity && w.Ends.Length == partitions ? w.Ends : new long[partitions];
        for (int p = 0; p < partitions; p++)
        {
            ends[p] = Math.Max(ends[p], PositionOf(directory, p, identity));
        }
        DeleteDatabase(unfinished);
        DeleteDatabase(made);
        if (!DataFiles.Current.Exists(log) && !DataFiles.Current.Exists(SqliteWal.PathOf(log)))
        {
            throw new StorageException($"The log {log} is missing and cannot be repaired. Restore a backup, or choose a new data directory.");
        }
        LogSalvage salvage = LogSalvage.Run(log, unfinished, identity, found?.Unsealed ?? Position.None, ends);
        DataFiles.Current.Sync(unfinished);
        DataFiles.Current.Move(unfinished, made);
        MoveAside(directory, aside, "log.db");
        MoveAside(directory, aside, AcknowledgedEnds.FileName);
        DataFiles.Current.Move(made, log);
        AcknowledgedEnds.Create(Path.Combine(directory, AcknowledgedEnds.FileName), identity, salvage.Ends);
        DataFiles.Current.SyncDirectory(directory);
        yield return $"log.db: kept {salvage.Kept:N0} records. The damaged files are in {aside}.";
        foreach ((int partition, long lost) in salvage.Lost)
        {
            yield return $"log.db: {lost:N0} records of partition {partition} are lost; each is a dead letter now, unless the rows had it already.";
        }
        if (witness is null)
        {
            yield return $"{AcknowledgedEnds.FileName}: made anew. Nothing tells any more whether records were lost behind the log's end.";
        }
    }

    private static (string, long[])? ReadWitness(string path)
    {
        try
        {
            (string identity, AcknowledgedEnd[] ends) = AcknowledgedEnds.Read(path);
            return (identity, [.. ends.Select(end => end.Sequence)]);
        }
        catch (Exception e) when (e is InvalidDataException or IOException && !Findings.IsOfTheDisk(e))
        {
            return null;
        }
    }

    /// <summary>The record that a shard's rows reflect, as far as its file can be believed.</summary>
    private static long PositionOf(string directory, int partition, string identity)
    {
        string path = Path.Combine(directory, $"shard-{partition:D4}.db");
        try
        {
            if (!DataFiles.Current.Exists(path))
            {
                return 0;
            }
            using SqliteDatabase database = SqliteDatabase.Inspect(path);
            SqliteShardSchema.CheckOwner(database, partition, identity);
            return SqliteShardSchema.ReadHeader(database)?.Position ?? 0;
        }
        catch (Exception e) when (e is InvalidDataException or SqliteException && !Findings.IsOfTheDisk(e))
        {
            return 0;
        }
    }

    /// <summary>A folder that is not there: a repair right before this one may have put files under the same names aside.</summary>
    private static string NewFolder(string path)
    {
        string free = path;
        for (int i = 2; DataFiles.Current.DirectoryExists(free); i++)
        {
            free = $"{path}-{i}";
        }
        return free;
    }

    private static void MoveAside(string directory, string aside, string file)
    {
        foreach (string name in new[] { file, $"{file}-wal", $"{file}-shm", $"{file}-journal" })
        {
            string path = Path.Combine(directory, name);
            if (DataFiles.Current.Exists(path))
            {
                DataFiles.Current.CreateDirectory(aside);
                DataFiles.Current.Move(path, Path.Combine(aside, name));
            }
        }
    }

    private static void DeleteDatabase(string path)
    {
        DataFiles.Current.Delete(path);
        DataFiles.Current.Delete($"{path}-wal");
        DataFiles.Current.Delete($"{path}-shm");
        DataFiles.Current.Delete($"{path}-journal");
    }
}
