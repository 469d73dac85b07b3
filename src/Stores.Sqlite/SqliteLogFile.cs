using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Stores.Sqlite;

/// <summary>The statements of the one connection that writes log.db, and the witness beside it.</summary>
internal sealed class SqliteLogFile : IAppendMemory, IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly AcknowledgedEnds _acknowledged;
    private readonly IdempotencyTable _requests;
    private readonly SqliteLogEnds _ends;
    private readonly SqliteLogTrim _trim;
    private readonly SqliteStatement _begin, _commit, _insertSegment, _findControl, _putControl, _findSource, _putSource;

    private SqliteLogFile(string path, SqliteDatabase database, string identity, int partitions, TimeProvider time)
    {
        _database = database.Sealing(identity);
        (Identity, PartitionCount) = (identity, partitions);
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _commit = database.Prepare("COMMIT");
        _insertSegment = database.Prepare(SqliteLogSchema.InsertSegment);
        _findControl = database.Prepare($"SELECT value, {SqliteLogSchema.IsSealed("control")} FROM control WHERE name = ?1");
        _putControl = database.Prepare("INSERT OR REPLACE INTO control VALUES(?1, ?2, seal(?1, ?2))");
        _findSource = database.Prepare(
            $"SELECT epoch, position, identity, {SqliteLogSchema.IsSealed("source")} FROM source WHERE name = ?1 AND partition = ?2");
        _putSource = database.Prepare("INSERT OR REPLACE INTO source(name, partition, position, identity, epoch, seal) "
            + "VALUES(?1, ?2, ?3, ?4, ?5, seal(?1, ?2, ?3, ?4, ?5))");
        _requests = new IdempotencyTable(database);
        _ends = new SqliteLogEnds(database, path);
        _trim = new SqliteLogTrim(database);
        _acknowledged = AcknowledgedEnds.Open(WitnessOf(path), identity, time);
    }

    /// <summary>Partitions of the log.</summary>
    public int PartitionCount { get; }

    /// <summary>Name of the log.</summary>
    public string Identity { get; }

    /// <summary>The witness of a log.</summary>
    public static string WitnessOf(string path) => Path.Combine(Path.GetDirectoryName(path) ?? "", AcknowledgedEnds.FileName);

    /// <summary>Opens the file for writing; makes or upgrades it as the inspection says.</summary>
    /// <param name="path">The file.</param>
    /// <param name="found">What it was found to be.</param>
    /// <param name="partitionsWhenNew">Partitions of a new log.</param>
    /// <param name="time">Clock of the witness.</param>
    /// <exception cref="SqliteException">The file cannot be opened or written.</exception>
    /// <exception cref="IOException">The witness cannot be opened or written.</exception>
    public static SqliteLogFile Open(string path, SqliteLogInspection found, int partitionsWhenNew, TimeProvider time)
    {
        string identity = found.Identity.Length > 0 ? found.Identity : SqliteLogSchema.NewIdentity();
        int partitions = found.Format == 0 ? partitionsWhenNew : found.Partitions;
        if (found.Format < SqliteLogSchema.Format)
        {
            // The witness first: no log of this format is ever without one, whenever the process ends.
            AcknowledgedEnds.Create(WitnessOf(path), identity,
                [.. Enumerable.Range(0, partitions).Select(p => new AcknowledgedEnd(found.Format == 0 ? 0 : found.Ends[p].Sequence, 0))]);
        }
        SqliteWal.MakeDurable(path);
        SqliteDatabase database = SqliteDatabase.Open(path);
        try
        {
            if (found.Format == 0)
            {
                SqliteLogSchema.Create(database, partitions, identity);
            }
            else if (found.Format < SqliteLogSchema.Format)
            {
                SqliteLogSchema.Upgrade(database, found.Format, identity,
                    new Position([.. found.Ends.Select((end, p) => (p, end.Sequence))]));
            }
            var file = new SqliteLogFile(path, database, identity, partitions, time);
            file.TellWitness(WitnessOf(path));
            return file;
        }
        catch
        {
            database.Failed().Dispose();
            throw;
        }
    }

    /// <summary>A segment's id: partition in the upper 16 bits, first sequence number in the lower 48.</summary>
    public static long SegmentId(int partition, long firstSequence) => (long)partition << 48 | firstSequence;

    /// <summary>First sequence number of a segment.</summary>
    public static long FirstSequence(long segmentId) => segmentId & (1L << 48) - 1;

    public void Begin() => _begin.Run();

    public void Commit() => _commit.Run();

    /// <summary>Where a partition ends.</summary>
    /// <exception cref="InvalidDataException">The row that says so fails its checksum.</exception>
    public LogEnd End(int partition) => _ends.End(partition);

    /// <summary>Last record of a partition that was trimmed.</summary>
    /// <exception cref="InvalidDataException">The row that says so fails its checksum.</exception>
    public long Trimmed(int partition) => _ends.Trimmed(partition).Sequence;

    /// <inheritdoc cref="SqliteLogTrim.Run"/>
    public (long Trimmed, bool HasMore) Trim(LogTrim trim, long end) => _trim.Run(trim, end);

    /// <summary>Writes one segment behind its partition's end.</summary>
    /// <returns>The end to acknowledge once the transaction is durable.</returns>
    public AcknowledgedEnd Append(int partition, SegmentBuffer segment, long appendTicks)
    {
        ReadOnlySpan<byte> records = segment.Records.Span;
        LogEnd end = segment.EndBehind(appendTicks);
        _insertSegment.Bind(1, SegmentId(partition, segment.End.Sequence + 1)).Bind(2, segment.Count).Bind(3, end.Events)
            .Bind(4, appendTicks).Bind(5, Crc32C.Compute(records)).Bind(6, segment.Traces).Bind(7, records).Step();
        var acknowledged = new AcknowledgedEnd(end.Sequence, (uint)_insertSegment.Int64(0));
        _insertSegment.Run();
        return acknowledged;
    }

    /// <summary>Tells the witness that a partition is durable up to here.</summary>
    /// <exception cref="IOException">The witness cannot be written.</exception>
    public void Acknowledge(int partition, AcknowledgedEnd end) => _acknowledged.Write(partition, end);

    /// <summary>Syncs the witness, unless it was synced a moment ago.</summary>
    /// <exception cref="IOException">The witness cannot be synced.</exception>
    public void SyncWitness() => _acknowledged.SyncNowAndThen();

    public string? FindControl(string name)
    {
        bool found = _findControl.Bind(1, name).Step();
        string? value = found ? _findControl.Text(0) : null;
        bool isWhole = !found || _findControl.Int64(1) != 0;
        _findControl.Reset();
        return isWhole ? value : throw SqliteLogInspection.Damaged(_database.Path, $"the row of control '{name}'");
    }

    public void PutControl(string name, string value) => _putControl.Bind(1, name).Bind(2, value).Run();

    public SourceState FindSource(SourcePartition partition)
    {
        bool found = _findSource.Bind(1, partition.Source).Bind(2, partition.Partition).Step();
        SourceState state = found ? State(_findSource, 0) : SourceState.New;
        bool isWhole = !found || _findSource.Int64(3) != 0;
        _findSource.Reset();
        return isWhole ? state : throw SqliteLogInspection.Damaged(_database.Path, $"the row of source '{partition}'");
    }

    public void PutSource(SourcePartition partition, SourceState state)
    {
        _putSource.Bind(1, partition.Source).Bind(2, partition.Partition);
        (state.Number is { } number ? _putSource.Bind(3, number) : _putSource.Bind(3, (string?)null))
            .Bind(4, state.Identity).Bind(5, state.Epoch).Run();
    }

    /// <summary>Of a row's columns epoch, position and identity.</summary>
    public static SourceState State(SqliteStatement row, int first) =>
        new(row.Int64(first), row.Text(first + 1) is null ? null : row.Int64(first + 1), row.Text(first + 2)!);

    public AppendReceipt? FindRequest(IdempotentRequest request, long nowTicks) => _requests.Find(request, nowTicks);

    public void PutRequest(IdempotentRequest request, AppendReceipt receipt, long nowTicks) => _requests.Put(request, receipt, nowTicks);

    /// <summary>Forgets some of the idempotency keys that are too old.</summary>
    public void PruneRequests(long nowTicks) => _requests.Prune(nowTicks);

    /// <summary>Closes after a failure: nothing is copied back, and what the next connection finds is what the disk has.</summary>
    public void Abandon()
    {
        _database.Failed();
        Dispose();
    }

    public void Dispose()
    {
        _database.Dispose();
        _acknowledged.Dispose();
    }

    /// <summary>Tells the witness of records that it has not heard of: a process may end, or the witness's disk fail, between a commit and
    /// the word of it. Whoever reads on makes rows of them, and such rows must not outlive them in silence.</summary>
    private void TellWitness(string path)
    {
        AcknowledgedEnd[] told;
        try
        {
            told = AcknowledgedEnds.Read(path).Ends;
        }
        catch (InvalidDataException)
        {
            // Found to be damaged when the log is opened next; until then it takes what is acknowledged, as before.
            return;
        }
        bool any = false;
        for (int partition = 0; partition < PartitionCount; partition++)
        {
            AcknowledgedEnd end = _ends.Acknowledged(partition);
            if (told[partition].Sequence < end.Sequence)
            {
                Acknowledge(partition, end);
                any = true;
            }
        }
        if (any)
        {
            _acknowledged.Sync();
        }
    }
}
