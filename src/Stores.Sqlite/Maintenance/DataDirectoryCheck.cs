using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Store;
using Foretell.Models.Network;

namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>Reads every byte of a data directory that a start would believe, and tells what does not belong; changes nothing.</summary>
/// <remarks>May run beside the host that serves the directory: it reads what was committed before it began.</remarks>
public static class DataDirectoryCheck
{
    /// <summary>Checks the files of a directory one after the other.</summary>
    /// <param name="directory">The data directory.</param>
    /// <returns>Findings as they come: one of each file that is whole, and one of each thing that is wrong.</returns>
    /// <exception cref="StorageException">There is no such directory, or no log in it.</exception>
    public static IEnumerable<DirectoryFinding> Run(string directory)
    {
        string log = Path.Combine(directory, "log.db");
        if (!File.Exists(log) && !File.Exists(Path.Combine(directory, AcknowledgedEnds.FileName)))
        {
            throw new StorageException($"{directory} holds no log.db: it is no data directory. Name the folder that 'foretell run --data-dir' was given.");
        }
        return CheckAloneOrNot(directory);
    }

    /// <summary>As above, where the caller knows whether a host has the directory open.</summary>
    internal static IEnumerable<DirectoryFinding> Run(string directory, bool isAlone)
    {
        var state = new LogState();
        foreach (DirectoryFinding finding in CheckLog(Path.Combine(directory, "log.db"), isAlone, state))
        {
            yield return finding;
        }
        for (int p = 0; p < state.Partitions; p++)
        {
            foreach (DirectoryFinding finding in CheckShard(directory, p, isAlone, state))
            {
                yield return finding;
            }
        }
        string alerts = Path.Combine(directory, "alerts.db");
        if (File.Exists(alerts))
        {
            foreach (DirectoryFinding finding in CheckAlerts(alerts, isAlone))
            {
                yield return finding;
            }
        }
        string model = Path.Combine(directory, "model.safetensors");
        if (File.Exists(model))
        {
            foreach (DirectoryFinding finding in CheckModel(model, state))
            {
                yield return finding;
            }
        }
    }

    private static IEnumerable<DirectoryFinding> CheckAloneOrNot(string directory)
    {
        using DataDirectoryLock? hold = TryLock(directory);
        foreach (DirectoryFinding finding in Run(directory, isAlone: hold is not null))
        {
            yield return finding;
        }
    }

    /// <summary>A model's id is a digest of all of it, and stands in the log.</summary>
    private static IEnumerable<DirectoryFinding> CheckModel(string path, LogState state)
    {
        var found = new Findings(Path.GetFileName(path));
        found.Try(() =>
        {
            string id = ForecastModel.Load(path).Id;
            if (state.Model is { } bound && bound != id)
            {
                found.Damage($"it is model {id}, and the log was made with model {bound}");
            }
        });
        return found.Done($"model {state.Model}");
    }

    private static IEnumerable<DirectoryFinding> CheckLog(string path, bool isAlone, LogState state)
    {
        var found = new Findings("log.db");
        if (isAlone)
        {
            // What a start would refuse, in its own words.
            found.Try(() => SqliteLogInspection.Look(path, null));
        }
        found.Try(() =>
        {
            (string identity, AcknowledgedEnd[] ends) = AcknowledgedEnds.Read(SqliteLogFile.WitnessOf(path));
            (state.Identity, state.Partitions, state.Ends) = (identity, ends.Length, new long[ends.Length]);
        }, AcknowledgedEnds.FileName);
        found.Try(() =>
        {
            using SqliteDatabase database = Open(path, isAlone);
            long format = database.Query("SELECT format FROM log");
            if (format != SqliteLogSchema.Format)
            {
                throw new InvalidDataException($"it has format {format}, and this program checks format {SqliteLogSchema.Format}: start the host of this release once");
            }
            state.Identity = database.QueryText("SELECT identity FROM log") ?? "";
            state.Partitions = (int)database.Query("SELECT partitions FROM log");
            state.Ends = new long[state.Partitions];
            state.Trimmed = new long[state.Partitions];
            database.Sealing(state.Identity);
            found.Structure(database);
            state.Model = database.QueryText($"SELECT value FROM control WHERE name = '{ControlRecord.Model}'");
            foreach ((string table, string columns) in SqliteLogSchema.Sealed.Where(s => s.Table != "segment"))
            {
                long broken = database.Query($"SELECT count(*) FROM {table} WHERE seal IS NOT seal({columns})");
                if (broken > 0)
                {
                    found.Damage($"{broken} rows of table {table} fail their checksum");
                }
            }
            CheckSegments(database, path, state, found);
        });
        state.IsLogWhole = found.IsEmpty;
        return found.Done($"{state.Segments:N0} segments with {state.Records:N0} records in {state.Partitions} partitions");
    }

    private static void CheckSegments(SqliteDatabase database, string path, LogState state, Findings found)
    {
        // One moment of a file that a host may be trimming.
        database.Execute("BEGIN");
        Position.TryParse(database.QueryText("SELECT unsealed FROM log"), out Position unsealed);
        using var ends = new SqliteLogEnds(database, path);
        SqliteStatement select = database.Prepare("SELECT id, count, events, append, crc, records, "
            + $"seal IS seal({SqliteLogSchema.Columns("segment")}), seal IS NULL FROM segment ORDER BY id");
        var last = new LogEnd[state.Partitions];
        for (int p = 0; p < state.Partitions; p++)
        {
            last[p] = ends.Trimmed(p);
            state.Trimmed[p] = last[p].Sequence;
        }
        while (select.Step())
        {
            (long id, long count) = (select.Int64(0), select.Int64(1));
            int p = (int)(id >> 48);
            long first = SqliteLogFile.FirstSequence(id);
            if ((uint)p >= (uint)last.Length)
            {
                found.Damage($"segment {id} is of partition {p}, and the log has {last.Length}");
                continue;
            }
            string where = $"the segment with record {first} of partition {p}";
            if (first != last[p].Sequence + 1)
            {
                found.Damage($"record {last[p].Sequence + 1} of partition {p} is missing: {where} follows");
            }
            ReadOnlySpan<byte> records = select.Blob(5);
            bool isSealed = select.Int64(6) != 0
                || select.Int64(7) != 0 && first <= unsealed.Parts.FirstOrDefault(part => part.Partition == p).Sequence;
            if (!isSealed || Crc32C.Compute(records) != (uint)select.Int64(4))
            {
                found.Damage($"{where} fails its checksum");
            }
            else if (SegmentCheck.Damage(records, count, select.Int64(3)) is { } damage)
            {
                found.Damage($"{where} {damage}");
            }
            if (select.Int64(3) < last[p].AppendTicks || select.Int64(2) < last[p].Events)
            {
                found.Damage($"{where} goes back behind the one before it");
            }
            last[p] = new LogEnd(first + count - 1, select.Int64(2), select.Int64(3));
            state.Segments++;
            state.Records += count;
        }
        for (int p = 0; p < last.Length; p++)
        {
            state.Ends[p] = last[p].Sequence;
        }
    }

    private static IEnumerable<DirectoryFinding> CheckShard(string directory, int partition, bool isAlone, LogState state)
    {
        string path = Path.Combine(directory, $"shard-{partition:D4}.db");
        var found = new Findings(Path.GetFileName(path));
        if (!File.Exists(path))
        {
            return state.Trimmed.ElementAtOrDefault(partition) > 0
                ? [new DirectoryFinding(found.File, $"is missing, and the log was trimmed up to record {state.Trimmed[partition]}: its rows cannot be made anew", true)]
                : [new DirectoryFinding(found.File, "is not there: the next start makes it from the log", false)];
        }
        int rows = 0, pages = 0;
        found.Try(() =>
        {
            using SqliteDatabase database = isAlone ? SqliteDatabase.Inspect(path) : SqliteDatabase.OpenReadOnly(path);
            found.Structure(database);
            SqliteShardSchema.CheckOwner(database, partition, state.Identity);
            // One moment of a file that a host may be writing.
            database.Execute("BEGIN");
            ShardHeader? header = SqliteShardSchema.ReadHeader(database);
            var crcs = new PageChecksums();
            SqliteStatement select = database.Prepare("SELECT id, rows FROM page ORDER BY id");
            while (select.Step())
            {
                if (crcs.Add(select.Blob(1), pages) is { } damage)
                {
                    found.Damage(damage);
                }
                pages++;
            }
            SqliteShardSchema.ReadDeadLetters(database, partition, int.MaxValue);
            if (header?.PagesCrc is { } crc && crc != crcs.Value)
            {
                found.Damage("a page is missing, older than the header, or another's");
            }
            long position = header?.Position ?? 0;
            if (state.IsLogWhole && isAlone && (position > state.Ends[partition] || position < state.Trimmed[partition]))
            {
                found.Damage($"it reflects record {position}, and the log has records {state.Trimmed[partition] + 1} to {state.Ends[partition]}");
            }
            rows = header?.Rows ?? 0;
        });
        return found.Done($"{rows:N0} rows in {pages:N0} pages");
    }

    private static IEnumerable<DirectoryFinding> CheckAlerts(string path, bool isAlone)
    {
        var found = new Findings("alerts.db");
        long alerts = 0;
        found.Try(() =>
        {
            using SqliteDatabase database = Open(path, isAlone);
            found.Structure(database);
            // Every column by its name, as the host asks for it: the names stand in the file, too.
            database.Query("SELECT name, sequence FROM alert_end WHERE id = 0");
            SqliteStatement select = database.Prepare(
                "SELECT sequence, stream, events, last_event, at, log_survival, threshold, raised FROM alert ORDER BY sequence");
            while (select.Step())
            {
                alerts++;
            }
        });
        return found.Done($"{alerts:N0} alerts");
    }

    private static SqliteDatabase Open(string path, bool isAlone) => !File.Exists(path) ? throw new FileNotFoundException($"{path} is missing")
        : isAlone ? SqliteDatabase.Inspect(path) : SqliteDatabase.OpenReadOnly(path);

    private static DataDirectoryLock? TryLock(string directory)
    {
        try
        {
            return DataDirectoryLock.Take(directory);
        }
        catch (StorageException)
        {
            return null;
        }
    }

    private sealed class LogState
    {
        public string? Identity { get; set; }

        public string? Model { get; set; }

        public bool IsLogWhole { get; set; }

        public int Partitions { get; set; }

        public long[] Ends { get; set; } = [];

        public long[] Trimmed { get; set; } = [];

        public long Segments { get; set; }

        public long Records { get; set; }
    }

    /// <summary>What is found of one file: the first of each kind in full, and how many more.</summary>
    private sealed class Findings(string file)
    {
        private const int Most = 20;

        private readonly List<DirectoryFinding> _all = [];
        private int _more;

        public string File => file;

        public bool IsEmpty => _all.Count == 0;

        public void Damage(string message, string? of = null)
        {
            if (_all.Count == Most)
            {
                _more++;
            }
            else if (!_all.Exists(f => f.Message == message))
            {
                _all.Add(new DirectoryFinding(of ?? file, message, true));
            }
        }

        public void Try(Action work, string? of = null)
        {
            try
            {
                work();
            }
            catch (Exception e) when (e is SqliteException or InvalidDataException or StorageException or IOException or FormatException
                or ArgumentException)
            {
                Damage(e.Message, of);
            }
        }

        public void Structure(SqliteDatabase database)
        {
            if (database.QueryText("PRAGMA quick_check(1)") is { } said && said != "ok")
            {
                Damage($"SQLite: {said}");
            }
        }

        public IEnumerable<DirectoryFinding> Done(string whole)
        {
            if (_more > 0)
            {
                _all.Add(new DirectoryFinding(file, $"and {_more:N0} more", true));
            }
            return _all.Count > 0 ? _all : [new DirectoryFinding(file, whole, false)];
        }
    }
}
