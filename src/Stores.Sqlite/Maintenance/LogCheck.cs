using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>What a check of the log has found out, for the files that are made from it.</summary>
internal sealed class CheckedLog
{
    public string? Identity { get; set; }

    public string? Model { get; set; }

    public bool IsWhole { get; set; }

    public int Partitions { get; set; }

    public long[] Ends { get; set; } = [];

    public long[] Trimmed { get; set; } = [];

    public long Segments { get; set; }

    public long Records { get; set; }
}

/// <summary>Checks log.db and its witness.</summary>
internal static class LogCheck
{
    /// <summary>Every row by its seal, every segment by its records, every partition by its numbers.</summary>
    public static IEnumerable<DirectoryFinding> Run(string path, bool isAlone, CheckedLog log)
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
            (log.Identity, log.Partitions, log.Ends) = (identity, ends.Length, new long[ends.Length]);
        }, AcknowledgedEnds.FileName);
        found.Try(() =>
        {
            using SqliteDatabase database = Findings.Open(path, isAlone);
            long format = database.Query("SELECT format FROM log");
            if (format != SqliteLogSchema.Format)
            {
                throw new InvalidDataException($"it has format {format}, and this program checks format {SqliteLogSchema.Format}: start the host of this release once");
            }
            log.Identity = database.QueryText("SELECT identity FROM log") ?? "";
            log.Partitions = database.Query("SELECT partitions FROM log") is >= 1 and <= short.MaxValue and var partitions ? (int)partitions
                : throw new InvalidDataException("the row that says what it is claims a number of partitions that no log has");
            log.Ends = new long[log.Partitions];
            log.Trimmed = new long[log.Partitions];
            database.Sealing(log.Identity);
            found.Structure(database);
            log.Model = database.QueryText($"SELECT value FROM control WHERE name = '{ControlRecord.Model}'");
            foreach ((string table, string columns) in SqliteLogSchema.Sealed.Where(s => s.Table != "segment"))
            {
                long broken = database.Query($"SELECT count(*) FROM {table} WHERE seal IS NOT seal({columns})");
                if (broken > 0)
                {
                    found.Damage($"{broken} rows of table {table} fail their checksum");
                }
            }
            CheckSegments(database, path, log, found);
        });
        log.IsWhole = found.IsEmpty;
        return found.Done($"{log.Segments:N0} segments with {log.Records:N0} records in {log.Partitions} partitions");
    }

    private static void CheckSegments(SqliteDatabase database, string path, CheckedLog log, Findings found)
    {
        // One moment of a file that a host may be trimming.
        database.Execute("BEGIN");
        Position.TryParse(database.QueryText("SELECT unsealed FROM log"), out Position unsealed);
        using var ends = new SqliteLogEnds(database, path);
        SqliteStatement select = database.Prepare("SELECT id, count, events, append, crc, records, "
            + $"{SqliteLogSchema.IsSealed("segment")}, seal IS NULL FROM segment ORDER BY id");
        var last = new LogEnd[log.Partitions];
        for (int p = 0; p < log.Partitions; p++)
        {
            last[p] = ends.Trimmed(p);
            log.Trimmed[p] = last[p].Sequence;
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
            log.Segments++;
            log.Records += count;
        }
        for (int p = 0; p < last.Length; p++)
        {
            log.Ends[p] = last[p].Sequence;
        }
    }
}
