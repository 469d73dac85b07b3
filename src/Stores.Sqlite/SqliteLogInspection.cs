using Foretell.Engine;
using Foretell.Engine.Log;

namespace Foretell.Stores.Sqlite;

/// <summary>What a log is found to be, before anything of it is changed: a start that refuses leaves the evidence as it was.</summary>
/// <param name="Format">Format of its tables; 0 where there is no log yet.</param>
/// <param name="Partitions">Its partitions.</param>
/// <param name="Identity">Its name; empty in formats before 4.</param>
/// <param name="Ends">Where its partitions end.</param>
internal sealed record SqliteLogInspection(long Format, int Partitions, string Identity, LogEnd[] Ends)
{
    /// <summary>Last record of each partition that was trimmed.</summary>
    public long[] Trimmed { get; init; } = [];

    /// <summary>No log yet.</summary>
    public static readonly SqliteLogInspection New = new(0, 0, "", []);

    /// <summary>Looks at a log that no other connection has open, and compares it with the witness beside it.</summary>
    /// <param name="path">log.db; need not exist.</param>
    /// <param name="partitions">Partitions that it must have; null for any.</param>
    /// <exception cref="StorageException">The log is of a later release, has another partition count, is damaged, or has lost
    /// records that it had acknowledged. Nothing was changed.</exception>
    public static SqliteLogInspection Look(string path, int? partitions)
    {
        try
        {
            SqliteLogInspection found = Read(path);
            if (found.Format > SqliteLogSchema.Format)
            {
                throw new StorageException($"The log {path} has format {found.Format}; this version reads format {SqliteLogSchema.Format}.");
            }
            if (partitions is { } wanted && found.Format > 0 && wanted != found.Partitions)
            {
                throw new StorageException($"The log {path} was created with {found.Partitions} partitions and cannot change to {wanted}. "
                    + "Leave the number out, or choose another data directory.");
            }
            return found;
        }
        catch (SqliteException e) when (e.IsUnfinished)
        {
            return NewBeside(path, SqliteLogFile.WitnessOf(path));
        }
        catch (SqliteException e) when (e.IsDamage)
        {
            throw new StorageException($"The log is damaged: {e.Message}. {Advice}", e);
        }
    }

    /// <summary>What to do about a damaged log.</summary>
    public const string Advice = "Nothing was changed. Copy the data directory as it is, look at it with 'foretell check', then restore a backup, "
        + "or run 'foretell repair', which keeps every record that can still be read.";

    /// <summary>A row of a log that is not to be believed.</summary>
    /// <param name="path">The log.</param>
    /// <param name="row">Which row, behind "damaged: ".</param>
    /// <param name="problem">What is wrong with it.</param>
    public static InvalidDataException Damaged(string path, string row, string problem = "fails its checksum") =>
        new($"The log {path} is damaged: {row} {problem}. {Advice}");

    /// <summary>Why a log that is open cannot be read: its file is damaged, of which trying again is no cure, or the disk failed.</summary>
    public static Exception Unreadable(string path, SqliteException e) => e.IsDamage
        ? new InvalidDataException($"The log {path} is damaged: {e.Message}. {Advice}", e)
        : new PlatformUnavailableException($"The log cannot be read: {e.Message}", e);

    /// <summary>Refuses a log that lacks what its witness saw acknowledged.</summary>
    private static void Compare(string path, SqliteDatabase database, SqliteLogInspection found)
    {
        string witness = SqliteLogFile.WitnessOf(path);
        (string identity, AcknowledgedEnd[] acknowledged) = ReadWitness(witness);
        if (identity != found.Identity || acknowledged.Length != found.Partitions)
        {
            throw new StorageException($"The log {path} is damaged or another's: {witness}, which knows what was acknowledged, belongs to a log with "
                + $"another name. Files of one directory belong together. {Advice}");
        }
        var lost = new List<string>();
        SqliteStatement segment = database.Prepare("SELECT id, count, seal FROM segment WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
        for (int p = 0; p < found.Partitions; p++)
        {
            (long sequence, uint seal) = acknowledged[p];
            if (sequence > found.Ends[p].Sequence)
            {
                lost.Add($"partition {p} ends at record {found.Ends[p].Sequence}, and was acknowledged up to record {sequence}");
                continue;
            }
            bool isThere = segment.Bind(1, SqliteLogFile.SegmentId(p, 0)).Bind(2, SqliteLogFile.SegmentId(p, sequence)).Step();
            if (isThere && seal != 0 && (SqliteLogFile.FirstSequence(segment.Int64(0)) + segment.Int64(1) - 1 != sequence
                || segment.Int64(2) != seal))
            {
                lost.Add($"partition {p}'s record {sequence} is not the one that was acknowledged");
            }
            if (isThere)
            {
                segment.Reset();
            }
        }
        if (lost.Count > 0)
        {
            throw new StorageException($"The log {path} has lost acknowledged records: {string.Join("; ", lost.Take(8))}"
                + $"{(lost.Count > 8 ? $"; and {lost.Count - 8} more" : "")}. {Cause(path)}{Advice}");
        }
    }

    private static SqliteLogInspection Read(string path)
    {
        string witness = SqliteLogFile.WitnessOf(path);
        if (!DataFiles.Current.Exists(path) || DataFiles.Current.Length(path) == 0 && SqliteWal.Read(path).Frames == 0)
        {
            return NewBeside(path, witness);
        }
        using SqliteDatabase database = SqliteDatabase.Inspect(path);
        if (database.Query("SELECT count(*) FROM sqlite_schema WHERE name = 'log'") == 0)
        {
            return database.Query("SELECT count(*) FROM sqlite_schema") == 0 ? NewBeside(path, witness)
                : throw new StorageException($"The file {path} is a database, but no log of Foretell. Choose another data directory.");
        }
        long format = database.Query("SELECT format FROM log");
        long partitions = database.Query("SELECT partitions FROM log");
        if (format > SqliteLogSchema.Format)
        {
            return new SqliteLogInspection(format, (int)Math.Clamp(partitions, 0, short.MaxValue), "", []);
        }
        string identity = format < SqliteLogSchema.Format ? "" : database.QueryText("SELECT identity FROM log") ?? "";
        if (identity.Length > 0 && database.Sealing(identity).Query($"SELECT {SqliteLogSchema.IsSealed("log")} FROM log") == 0
            || partitions is < 1 or > short.MaxValue || format < 1)
        {
            throw new StorageException($"The log {path} is damaged: the row that says what it is fails its checksum. {Advice}");
        }
        using var ends = new SqliteLogEnds(database, path, isSealed: identity.Length > 0);
        var found = new SqliteLogInspection(format, (int)partitions, identity, [.. Enumerable.Range(0, (int)partitions).Select(ends.End)])
        {
            Trimmed = [.. Enumerable.Range(0, (int)partitions).Select(p => ends.Trimmed(p).Sequence)],
        };
        if (identity.Length > 0)
        {
            Compare(path, database, found);
        }
        return found;
    }

    /// <summary>No log: true only where no witness says that there was one.</summary>
    private static SqliteLogInspection NewBeside(string path, string witness)
    {
        if (DataFiles.Current.Exists(witness) && TryReadWitness(path, witness) is { } acknowledged
            && acknowledged.Any(end => end.Sequence > 0))
        {
            throw new StorageException($"The log {path} is missing or empty, and {acknowledged.Sum(end => end.Sequence)} records of it were "
                + $"acknowledged. {Cause(path)}{Advice}");
        }
        return New;
    }

    /// <summary>Null where a crash left half a witness: while the very first log was made, before anything of the log was.</summary>
    private static AcknowledgedEnd[]? TryReadWitness(string path, string witness)
    {
        try
        {
            return AcknowledgedEnds.Read(witness).Ends;
        }
        catch (InvalidDataException) when (!HasBytes(path) && !HasBytes(SqliteWal.PathOf(path)))
        {
            return null;
        }
        catch (InvalidDataException e)
        {
            throw new StorageException($"The log {path} is empty, and {witness}, which knows what was acknowledged, is damaged: {e.Message}. "
                + $"{Cause(path)}{Advice}", e);
        }
    }

    private static bool HasBytes(string path) => DataFiles.Current.Exists(path) && DataFiles.Current.Length(path) > 0;

    private static (string Identity, AcknowledgedEnd[] Ends) ReadWitness(string witness)
    {
        try
        {
            return AcknowledgedEnds.Read(witness);
        }
        catch (FileNotFoundException e)
        {
            throw new StorageException($"The file {witness} is missing: nothing else tells whether the log beside it has lost its end. {Advice}", e);
        }
        catch (InvalidDataException e)
        {
            throw new StorageException($"The file {witness} is damaged: {e.Message}. Nothing else tells whether the log beside it has lost its "
                + $"end. {Advice}", e);
        }
    }

    private static string Cause(string path)
    {
        SqliteWal wal = SqliteWal.Read(path);
        return wal.FirstBroken is { } broken
            ? $"Frame {broken} of {wal.Frames} in {SqliteWal.PathOf(path)} fails its checksum, and SQLite drops what follows it. " : "";
    }
}
