using System.Text;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>Makes a whole log out of a damaged one: every row that its checksums vouch for, wherever in the files it stands, and a dead
/// letter in the place of each record that is lost.</summary>
internal sealed class LogSalvage
{
    private const int GroupBytes = 8 << 20, MostLostAtOnce = 10_000;

    private readonly string _identity;
    private readonly Position _unsealed;
    private readonly SortedDictionary<long, (int Version, uint Page)> _segments = [];
    private readonly Dictionary<string, object?[]> _controls = [], _sources = [], _requests = [];
    private readonly Dictionary<long, byte[]> _beginning = [];
    private readonly LogEnd[] _trimmed;
    private readonly SqlitePages _pages;
    private readonly SqliteCells _cells;

    private LogSalvage(SqlitePages pages, string identity, int partitions, Position unsealed)
    {
        (_pages, _cells, _identity, _unsealed) = (pages, new SqliteCells(pages), identity, unsealed);
        _trimmed = new LogEnd[partitions];
    }

    /// <summary>Records that were acknowledged or applied and are nowhere to be found, by partition.</summary>
    public SortedDictionary<int, long> Lost { get; } = [];

    /// <summary>Records that the new log has, the lost ones left out.</summary>
    public long Kept { get; private set; }

    /// <summary>Where the new log ends.</summary>
    public AcknowledgedEnd[] Ends { get; private set; } = [];

    /// <summary>Reads the files of a damaged log and writes a new one.</summary>
    /// <param name="damaged">log.db, with its write-ahead log beside it.</param>
    /// <param name="into">Path of the new log; the file must not exist.</param>
    /// <param name="identity">Name of the log.</param>
    /// <param name="unsealed">Up to where its segments have no seals.</param>
    /// <param name="ends">Where each partition ended at least: as far as it was acknowledged, or applied.</param>
    /// <exception cref="SqliteException">The new log cannot be written.</exception>
    /// <exception cref="IOException">The damaged one cannot be read.</exception>
    public static LogSalvage Run(string damaged, string into, string identity, Position unsealed, long[] ends)
    {
        using var pages = new SqlitePages(damaged);
        var salvage = new LogSalvage(pages, identity, ends.Length, unsealed);
        salvage.Find();
        salvage.Write(into, ends);
        return salvage;
    }

    /// <summary>What a log says of itself, looked for in every image of every page.</summary>
    /// <returns>Null where no image has the row.</returns>
    public static (string Identity, int Partitions, Position Unsealed)? FindLog(string damaged)
    {
        using var pages = new SqlitePages(damaged);
        var cells = new SqliteCells(pages);
        (string, int, Position)? found = null;
        foreach ((int version, uint page) in pages.Images())
        {
            foreach (SqliteRow row in cells.Rows(version, page, IsLog))
            {
                Position.TryParse((string)row.Values[4]!, out Position unsealed);
                found = ((string)row.Values[3]!, (int)(long)row.Values[2]!, unsealed);
            }
        }
        return found;

        static bool IsLog(SqliteRow row) => row is
            {
                RowId: 0, Values: [_, long format, long partitions, string identity, string unsealed, long seal],
            }
            && partitions is > 0 and <= short.MaxValue && seal == SqliteSeal.Compute(identity, format, partitions, identity, unsealed);
    }

    private void Find()
    {
        foreach ((int version, uint page) in _pages.Images())
        {
            // Later images come later, and stand for what an earlier one said of the same row.
            foreach (SqliteRow row in _cells.Rows(version, page, IsWhole))
            {
                switch (row.Values)
                {
                    case [string key, byte[], long, string, byte[], long, _]:
                        _requests[key] = row.Values;
                        break;
                    case [string name, string partition, _, string, long, _]:
                        _sources[$"{partition}\n{name}"] = row.Values;
                        break;
                    case [string name, string, _]:
                        _controls[name] = row.Values;
                        break;
                    case [_, long sequence, long events, long append, _]:
                        ref LogEnd trimmed = ref _trimmed[row.RowId!.Value];
                        trimmed = sequence > trimmed.Sequence ? new LogEnd(sequence, events, append) : trimmed;
                        break;
                    default:
                        _segments[row.RowId!.Value] = (version, page);
                        if (SqliteLogFile.FirstSequence(row.RowId.Value) == 1)
                        {
                            FindBeginning(Segment(row)!.Value.Records);
                        }
                        break;
                }
            }
        }
    }

    /// <summary>Every partition begins with the same control records: one that has lost them gets another's.</summary>
    private void FindBeginning(byte[] records)
    {
        int sequence = 1;
        for (ReadOnlySpan<byte> rest = records; !rest.IsEmpty; sequence++)
        {
            var record = new LogRecord(rest);
            if (record.Kind != LogRecordKind.Control)
            {
                break;
            }
            _beginning[sequence] = rest[..record.Length].ToArray();
            rest = rest[record.Length..];
        }
    }

    private bool IsWhole(SqliteRow row) => row.RowId is null ? IsSealed(row.Values)
        : row.Values is [_, long sequence, long events, long append, long seal]
            ? row.RowId >= 0 && row.RowId < _trimmed.Length && seal == SqliteSeal.Compute(_identity, row.RowId, sequence, events, append)
            : Segment(row) is not null;

    private bool IsSealed(object?[] values) => values.Length is 3 or 6 or 7 && values[^1] is long seal
        && seal == SqliteSeal.Compute(_identity, values.AsSpan(0, values.Length - 1));

    /// <summary>A row's segment, where its checksums are right.</summary>
    private (long Count, long Append, byte[]? Trace, byte[] Records)? Segment(SqliteRow row)
    {
        // Logs of earlier releases have the columns in another order, and rows of theirs end before those that came later.
        if (row.Values is not [null, long count, long events, long append, long crc, ..] || row.RowId is not { } id || id < 0
            || id >> 48 >= _trimmed.Length || row.Values.Length < 6)
        {
            return null;
        }
        bool isOld = row.Values[5] is byte[];
        object?[] rest = [.. row.Values.Skip(5), null, null];
        (object? records, object? trace, object? seal) = isOld ? (rest[0], rest[1], rest[2]) : (rest[2], rest[1], rest[0]);
        bool isSealed = seal is long written ? written == SqliteSeal.Compute(_identity, id, count, events, append, crc, trace)
            : SqliteLogFile.FirstSequence(id) <= _unsealed.Parts.FirstOrDefault(part => part.Partition == id >> 48).Sequence;
        return isSealed && records is byte[] bytes && Crc32C.Compute(bytes) == crc && SegmentCheck.Damage(bytes, count, append) is null
            ? (count, append, trace as byte[], bytes) : null;
    }

    private void Write(string path, long[] ends)
    {
        using SqliteDatabase database = SqliteDatabase.Open(path);
        SqliteLogSchema.Create(database, _trimmed.Length, _identity);
        database.Execute("BEGIN");
        SqliteStatement insert = database.Prepare(SqliteLogSchema.InsertSegment);
        Ends = new AcknowledgedEnd[_trimmed.Length];
        long bytes = 0;
        for (int p = 0; p < _trimmed.Length; p++)
        {
            LogEnd end = _trimmed[p];
            AcknowledgedEnd last = new(end.Sequence, 0);
            foreach ((long id, (int version, uint page)) in _segments.Where(s => s.Key >> 48 == p))
            {
                SqliteRow row = _cells.Rows(version, page, found => Segment(found) is not null, only: id).First();
                (long count, long append, byte[]? trace, byte[] records) = Segment(row)!.Value;
                long first = SqliteLogFile.FirstSequence(id);
                if (first <= end.Sequence)
                {
                    // Trimmed, or another reading of records that are there already.
                    continue;
                }
                Put(p, first - 1);
                Insert(p, count, append, trace, records, Events(records));
                Kept += count;
            }
            Put(p, ends[p]);
            Ends[p] = last;

            void Put(int partition, long upTo)
            {
                while (end.Sequence < upTo && _beginning.TryGetValue(end.Sequence + 1, out byte[]? control))
                {
                    Insert(partition, 1, end.AppendTicks, null, control, Events(control));
                }
                while (end.Sequence < upTo)
                {
                    var lost = new EventBatch();
                    for (long sequence = end.Sequence + 1; sequence <= upTo && lost.Count < MostLostAtOnce; sequence++)
                    {
                        lost.AddUnreadable($"log/{partition}", end.AppendTicks,
                            $"Record {sequence} of partition {partition} was lost with a damaged part of the log; a repair put this in its place.", sequence);
                    }
                    Lost[partition] = Lost.GetValueOrDefault(partition) + lost.Count;
                    Insert(partition, lost.Count, end.AppendTicks, null, lost.Records.ToArray(), lost.Count);
                }
            }

            void Insert(int partition, long count, long append, byte[]? trace, byte[] records, long events)
            {
                long first = end.Sequence + 1;
                end = new LogEnd(end.Sequence + count, end.Events + events, Math.Max(end.AppendTicks, append));
                insert.Bind(1, SqliteLogFile.SegmentId(partition, first)).Bind(2, count).Bind(3, end.Events).Bind(4, end.AppendTicks)
                    .Bind(5, Crc32C.Compute(records)).Bind(6, trace).Bind(7, records).Step();
                last = new AcknowledgedEnd(end.Sequence, (uint)insert.Int64(0));
                insert.Run();
                if ((bytes += records.Length) > GroupBytes)
                {
                    database.Execute("COMMIT; BEGIN");
                    bytes = 0;
                }
            }
        }
        WriteRest(database);
        database.Execute("COMMIT");
        // Closing would say nothing of a write-ahead log that could not be copied back, and the file gets its name without it.
        database.Checkpoint();
    }

    private void WriteRest(SqliteDatabase database)
    {
        for (int p = 0; p < _trimmed.Length; p++)
        {
            if (_trimmed[p].Sequence > 0)
            {
                database.Prepare("INSERT INTO trimmed VALUES(?1, ?2, ?3, ?4, seal(?1, ?2, ?3, ?4))").Bind(1, p).Bind(2, _trimmed[p].Sequence)
                    .Bind(3, _trimmed[p].Events).Bind(4, _trimmed[p].AppendTicks).Run();
            }
        }
        Copy(_controls.Values, "control", 2);
        Copy(_sources.Values, "source", 5);
        Copy(_requests.Values, "request", 6);

        void Copy(IEnumerable<object?[]> rows, string table, int columns)
        {
            string values = string.Join(", ", Enumerable.Range(1, columns).Select(i => $"?{i}"));
            SqliteStatement insert = database.Prepare($"INSERT INTO {table}({SqliteLogSchema.Columns(table)}, seal) VALUES({values}, seal({values}))");
            foreach (object?[] row in rows)
            {
                for (int i = 0; i < columns; i++)
                {
                    _ = row[i] switch
                    {
                        long number => insert.Bind(i + 1, number),
                        string text => insert.Bind(i + 1, text),
                        byte[] blob => insert.Bind(i + 1, blob),
                        _ => insert.Bind(i + 1, (string?)null),
                    };
                }
                insert.Run();
            }
        }
    }

    /// <summary>Events among records; the control records among them say of the log what a row that is lost said.</summary>
    private long Events(byte[] records)
    {
        long events = 0;
        for (ReadOnlySpan<byte> rest = records; !rest.IsEmpty;)
        {
            var record = new LogRecord(rest);
            if (record.Kind == LogRecordKind.Control)
            {
                string name = Encoding.UTF8.GetString(record.Key);
                _controls.TryAdd(name, [name, Encoding.UTF8.GetString(record.Mark), null]);
            }
            else
            {
                events++;
            }
            rest = rest[record.Length..];
        }
        return events;
    }
}
