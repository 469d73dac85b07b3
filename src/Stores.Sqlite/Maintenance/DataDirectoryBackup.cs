using Foretell.Engine;

namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>Copies a data directory while a host serves it, and puts such a copy back.</summary>
/// <remarks>Each file as of one moment, the stores before the log: a store may be older than its log and is brought up to it by the next
/// start, never newer. A copy counts once it has its name: until then, and after a crash, it ends in ".part".</remarks>
public static class DataDirectoryBackup
{
    /// <summary>Files that are written whole or not at all: the model, and who may do what (hashes only).</summary>
    private static readonly string[] s_plain = ["model.safetensors", "keys.json"];

    /// <summary>Copies a directory, checks the copy, and gives it its name.</summary>
    /// <param name="directory">The data directory; a host may have it open.</param>
    /// <param name="target">The copy; must not exist.</param>
    /// <returns>Bytes of the copy.</returns>
    /// <exception cref="StorageException">The target exists, there is no data directory, or it is damaged: a copy of damage would pass for
    /// a backup.</exception>
    /// <exception cref="IOException">The disk fails. What was copied so far ends in ".part".</exception>
    public static long Run(string directory, string target)
    {
        string log = Path.Combine(directory, "log.db");
        if (!DataFiles.Current.Exists(log))
        {
            throw new StorageException($"{directory} holds no log.db: it is no data directory. Name the folder that 'foretell run --data-dir' was given.");
        }
        string part = Begin(target);
        try
        {
            foreach (string file in ShardBeginning.FilesIn(directory).Append(Path.Combine(directory, "alerts.db")).Append(log))
            {
                if (DataFiles.Current.Exists(file))
                {
                    Copy(file, Path.Combine(part, Path.GetFileName(file)));
                }
            }
            foreach (string name in s_plain.Where(name => DataFiles.Current.Exists(Path.Combine(directory, name))))
            {
                DataFiles.Current.Copy(Path.Combine(directory, name), Path.Combine(part, name));
            }
            WriteWitness(part);
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException)
        {
            throw new StorageException($"The data directory {directory} cannot be copied: {e.Message}. Look at it with 'foretell check'.", e);
        }
        return Finish(part, target, directory);
    }

    /// <summary>Puts a backup where a host can open it.</summary>
    /// <param name="backup">What <see cref="Run"/> made.</param>
    /// <param name="directory">The data directory to make; must not exist, or be empty.</param>
    /// <returns>Bytes that were copied.</returns>
    /// <exception cref="StorageException">The directory is not empty, or the backup is none or damaged.</exception>
    /// <exception cref="IOException">The disk fails. What was copied so far ends in ".part".</exception>
    public static long Restore(string backup, string directory)
    {
        if (DataDirectoryCheck.Run(backup).FirstOrDefault(finding => finding.IsDamage) is { } damage)
        {
            throw new StorageException($"The backup {backup} is damaged: {damage.File}: {damage.Message}. Nothing was restored; take another backup.");
        }
        string part = Begin(directory);
        foreach (string file in DataFiles.Current.List(backup).Where(IsData))
        {
            DataFiles.Current.Copy(file, Path.Combine(part, Path.GetFileName(file)));
        }
        return Finish(part, directory, backup);
    }

    private static bool IsData(string path) => Path.GetFileName(path) is var name
        && (name.EndsWith(".db", StringComparison.Ordinal) || name.EndsWith(".db-wal", StringComparison.Ordinal)
            || name == AcknowledgedEnds.FileName || s_plain.Contains(name));

    private static string Begin(string target)
    {
        if (DataFiles.Current.Exists(target) || DataFiles.Current.DirectoryExists(target) && DataFiles.Current.List(target).Count > 0)
        {
            throw new StorageException($"{target} exists already and is not empty. Name a new folder; nothing is ever overwritten.");
        }
        string part = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target)) + ".part";
        if (DataFiles.Current.DirectoryExists(part))
        {
            // What was left when a copy was ended half-way.
            DataFiles.Current.DeleteDirectory(part);
        }
        DataFiles.Current.CreateDirectory(part);
        return part;
    }

    /// <summary>As of one moment, while others write.</summary>
    private static void Copy(string file, string to)
    {
        using SqliteDatabase database = SqliteDatabase.OpenToRead(file);
        database.Prepare("VACUUM INTO ?1").Bind(1, to).Run();
    }

    /// <summary>The copy of a log ends earlier than the log by now: it has a witness of its own.</summary>
    private static void WriteWitness(string part)
    {
        string log = Path.Combine(part, "log.db");
        using SqliteDatabase database = SqliteDatabase.Inspect(log);
        if (database.Query("SELECT format FROM log") < SqliteLogSchema.Format)
        {
            throw new StorageException("The log is of an earlier release. Start the host of this release once, then make a backup.");
        }
        string identity = database.QueryText("SELECT identity FROM log")!;
        using var ends = new SqliteLogEnds(database.Sealing(identity), log);
        SqliteStatement seal = database.Prepare("SELECT seal FROM segment WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
        var acknowledged = new List<AcknowledgedEnd>();
        for (int p = 0; p < database.Query("SELECT partitions FROM log"); p++)
        {
            seal.Bind(1, SqliteLogFile.SegmentId(p, 0)).Bind(2, SqliteLogFile.SegmentId(p + 1, 0) - 1);
            uint last = seal.Step() ? (uint)seal.Int64(0) : 0;
            seal.Reset();
            acknowledged.Add(new AcknowledgedEnd(ends.End(p).Sequence, last));
        }
        AcknowledgedEnds.Create(Path.Combine(part, AcknowledgedEnds.FileName), identity, acknowledged);
    }

    private static long Finish(string part, string target, string source)
    {
        if (DataDirectoryCheck.Run(part).FirstOrDefault(finding => finding.IsDamage) is { } damage)
        {
            DataFiles.Current.DeleteDirectory(part);
            throw new StorageException($"The copy of {source} was not kept, since it is damaged: {damage.File}: {damage.Message}. "
                + "Look at the directory with 'foretell check'.");
        }
        // The check's own lock is no part of the copy.
        DataFiles.Current.Delete(Path.Combine(part, "lock"));
        long bytes = 0;
        foreach (string file in DataFiles.Current.List(part))
        {
            bytes += DataFiles.Current.Sync(file);
        }
        DataFiles.Current.SyncDirectory(part);
        DataFiles.Current.MoveDirectory(part, target);
        return bytes;
    }
}
