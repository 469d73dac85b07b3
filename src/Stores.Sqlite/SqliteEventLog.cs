using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Stores.Sqlite;

/// <summary>The log in one SQLite file (docs/formats.md).</summary>
public sealed class SqliteEventLog : IEventLog
{
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly LogEnds _ends;
    private readonly SqliteLogWriter _writer;
    private int _disposed;

    private SqliteEventLog(string path, SqliteLogFile? file, string identity, LogEnd[] ends, long[] trimmed, Func<SqliteLogFile> open,
        TimeProvider time)
    {
        (_path, Identity, _time) = (path, identity, time);
        _ends = new LogEnds(ends.Length);
        for (int p = 0; p < ends.Length; p++)
        {
            _ends.Advance(p, ends[p]);
            _ends.Trim(p, trimmed[p]);
        }
        _writer = new SqliteLogWriter(file, open, time, _ends);
    }

    /// <summary>Why the log could not be opened for writing; null where it could.</summary>
    private string? CannotBeWritten { get; init; }

    /// <summary>Name of the log, 32 hex digits: files of the same directory carry it.</summary>
    public string Identity { get; }

    /// <summary>Whether all that is shown is on the disk; where the file could not be opened for writing, not before an append.</summary>
    internal bool IsDurable => _writer.IsDurable;

    /// <inheritdoc/>
    public int PartitionCount => _ends.Count;

    /// <inheritdoc/>
    public string? Problem => _writer.Problem ?? (_writer.HasWritten || CannotBeWritten is null ? null
        : $"The log cannot be written: {CannotBeWritten}. What it holds is served.");

    /// <inheritdoc/>
    public Exception? Lost => null;

    /// <summary>Opens a log; creates it when the file is missing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="partitions">Partitions, 1 to 32,767; null takes the file's, and 8 for a new file.</param>
    /// <param name="time">Clock of append times and of the life of idempotency keys.</param>
    /// <exception cref="StorageException">The log has another partition count or format, or is no log.</exception>
    public static SqliteEventLog Open(string path, int? partitions, TimeProvider time)
    {
        if (partitions is < 1 or > short.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(partitions), partitions,
                $"A log has 1 to {short.MaxValue} partitions, got {partitions}.");
        }
        SqliteLogFile? file = null;
        try
        {
            SqliteLogInspection found = SqliteLogInspection.Look(path, partitions);
            string? problem = null;
            try
            {
                file = SqliteLogFile.Open(path, found, partitions ?? 8, time);
            }
            catch (Exception e) when (found.Format == SqliteLogSchema.Format && (e is SqliteException { IsOfTheDisk: true } or IOException
                or UnauthorizedAccessException))
            {
                // A disk that is full or can only be read still has every record: rows are made up and answered from. The next
                // append tries again.
                problem = e.Message;
            }
            string identity = file?.Identity ?? found.Identity;
            LogEnd[] ends = file is null ? found.Ends : [.. Enumerable.Range(0, file.PartitionCount).Select(file.End)];
            long[] trimmed = file is null ? found.Trimmed : [.. Enumerable.Range(0, file.PartitionCount).Select(file.Trimmed)];
            // Later connections of this process do not look at the file again: that would let go of the locks of those that are open.
            SqliteLogInspection known = new(SqliteLogSchema.Format, ends.Length, identity, ends);
            return new SqliteEventLog(path, file, identity, ends, trimmed, () => SqliteLogFile.Open(path, known, ends.Length, time), time)
            {
                CannotBeWritten = problem,
            };
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            file?.Dispose();
            throw new StorageException($"The log cannot be opened: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken)
    {
        if (batch.Count == 0 && request is null)
        {
            return Task.FromResult(new AppendReceipt(0, Position.None, Replayed: false, default));
        }
        return _writer.AppendAsync(AppendRequest.ForEvents(batch, request, PartitionCount), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<AppendReceipt> AppendSourceAsync(EventBatch batch, SourceAdvance source, CancellationToken cancellationToken) =>
        _writer.AppendAsync(AppendRequest.ForEvents(batch, null, PartitionCount, source), cancellationToken);

    /// <inheritdoc/>
    public async Task<SourceState> TakeSourceAsync(SourcePartition partition, CancellationToken cancellationToken)
    {
        AppendRequest take = AppendRequest.ForTake(partition);
        await _writer.AppendAsync(take, cancellationToken);
        return take.Taken!;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<string, SourceState>> ReadSourceAsync(string source, CancellationToken cancellationToken)
    {
        try
        {
            using SqliteDatabase database = SqliteDatabase.OpenToRead(_path).Sealing(Identity);
            SqliteStatement select = database.Prepare("SELECT partition, epoch, position, identity, "
                + $"{SqliteLogSchema.IsSealed("source")} FROM source WHERE name = ?1").Bind(1, source);
            var states = new Dictionary<string, SourceState>();
            while (select.Step())
            {
                if (select.Int64(4) == 0)
                {
                    throw SqliteLogInspection.Damaged(_path, $"the row of source '{source}/{select.Text(0)}'");
                }
                states.Add(select.Text(0)!, SqliteLogFile.State(select, 1));
            }
            return ValueTask.FromResult<IReadOnlyDictionary<string, SourceState>>(states);
        }
        catch (SqliteException e)
        {
            throw SqliteLogInspection.Unreadable(_path, e);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> AppendControlAsync(string name, string value, CancellationToken cancellationToken)
    {
        long now = EventTime.FromDateTimeOffset(_time.GetUtcNow());
        return !(await _writer.AppendAsync(AppendRequest.ForControl(name, value, now, PartitionCount), cancellationToken)).Replayed;
    }

    /// <inheritdoc/>
    public ValueTask<string?> FindControlAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            using SqliteDatabase database = SqliteDatabase.OpenToRead(_path).Sealing(Identity);
            SqliteStatement select =
                database.Prepare($"SELECT value, {SqliteLogSchema.IsSealed("control")} FROM control WHERE name = ?1").Bind(1, name);
            bool found = select.Step();
            return !found || select.Int64(1) != 0 ? ValueTask.FromResult(found ? select.Text(0) : null)
                : throw SqliteLogInspection.Damaged(_path, $"the row of control '{name}'");
        }
        catch (SqliteException e)
        {
            throw SqliteLogInspection.Unreadable(_path, e);
        }
    }

    /// <inheritdoc/>
    public LogEnd End(int partition) => _ends[partition];

    /// <summary>Nothing to do: no other process appends to the file.</summary>
    public Task RefreshAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public long Trimmed(int partition) => _ends.Trimmed(partition);

    /// <inheritdoc/>
    public async Task<bool> TrimAsync(int partition, long upTo, long before, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)partition, (uint)PartitionCount, nameof(partition));
        AppendRequest trim = AppendRequest.ForTrim(new LogTrim(partition, upTo, before));
        await _writer.AppendAsync(trim, cancellationToken);
        return trim.HasMore;
    }

    /// <inheritdoc/>
    public ILogReader OpenReader(int partition, long after)
    {
        _ends.CheckBeginning(partition, after);
        return new SqliteLogReader(_path, Identity, partition, after, _ends.Sequence(partition));
    }

    /// <summary>Writes what is queued and closes the file.</summary>
    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _disposed, 1) == 0 ? _writer.DisposeAsync() : default;
}
