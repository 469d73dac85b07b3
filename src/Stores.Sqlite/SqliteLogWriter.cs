using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Stores.Sqlite;

/// <summary>The one thread that writes the log. Appends that wait at the same time share a transaction (group commit).</summary>
internal sealed class SqliteLogWriter : IAsyncDisposable
{
    // One transaction's size: large enough to share a disk sync among many, small enough to keep its wait short.
    private const int GroupBytes = 8 << 20;

    private readonly Func<SqliteLogFile> _open;
    private readonly TimeProvider _time;
    private readonly LogEnds _ends;
    private readonly LastFailure _failure;
    private readonly AppendQueue _queue = new();
    private readonly AppendGroup _group;
    private readonly Queue<AppendRequest> _trims = new();
    private readonly AcknowledgedEnd[] _acknowledged;
    private readonly int _partitionCount;
    private readonly WorkerThreads _thread;
    private readonly Task _loop;
    private SqliteLogFile? _file;
    private bool _hasWritten, _isDurable;
    private long _lastAppendTicks = long.MinValue;

    /// <param name="file">The open file, which the writer owns from here on; null where it could not be opened.</param>
    /// <param name="open">Opens the file again after a failure.</param>
    /// <param name="time">Clock of append times.</param>
    /// <param name="ends">Where the partitions end. Told each new end once it is durable, before any caller is answered.</param>
    public SqliteLogWriter(SqliteLogFile? file, Func<SqliteLogFile> open, TimeProvider time, LogEnds ends)
    {
        (_open, _time, _ends, _failure) = (open, time, ends, new LastFailure(time));
        _partitionCount = ends.Count;
        _group = new AppendGroup(_partitionCount);
        _acknowledged = new AcknowledgedEnd[_partitionCount];
        if (file is not null)
        {
            Adopt(file);
        }
        _thread = new WorkerThreads(1, "foretell-log-writer");
        _loop = _thread.Run(RunAsync);
    }

    /// <summary>Why the last transaction failed, or null when it did not or was a while ago.</summary>
    public string? Problem => _failure.Message;

    /// <summary>Whether the file could be written at the last try.</summary>
    public bool HasWritten => Volatile.Read(ref _hasWritten);

    /// <summary>Whether all that is shown of the log is on the disk: it was opened for writing (<see cref="SqliteWal.MakeDurable"/>).</summary>
    public bool IsDurable => Volatile.Read(ref _isDurable);

    /// <inheritdoc cref="AppendQueue.AppendAsync"/>
    public Task<AppendReceipt> AppendAsync(AppendRequest request, CancellationToken cancellationToken) =>
        _queue.AppendAsync(request, cancellationToken);

    /// <summary>Writes what is queued, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Close();
        await _loop;
        _thread.Dispose();
        _file?.Dispose();
        _queue.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_queue.IsEnded || _trims.Count > 0)
        {
            if (!WriteNext())
            {
                await _queue.WaitAsync();
            }
        }
    }

    /// <summary>Behind the answers: nobody waits for the witness's own sync.</summary>
    private void SyncWitness()
    {
        try
        {
            _file?.SyncWitness();
        }
        catch (IOException e)
        {
            _failure.Report($"The log's witness cannot be written: {e.Message}");
        }
    }

    /// <summary>Writes the appends that wait, up to a group's size, then trims a piece: of two pieces none keeps the same append
    /// waiting.</summary>
    /// <returns>False when there was nothing to do.</returns>
    private bool WriteNext()
    {
        while (_group.Bytes < GroupBytes && _queue.TryTake(out AppendRequest next))
        {
            if (next.Trim is null)
            {
                _group.Add(next);
            }
            else
            {
                _trims.Enqueue(next);
            }
        }
        bool any = _group.Requests.Count > 0;
        if (any)
        {
            _group.Complete(WriteGroup());
            SyncWitness();
        }
        if (_trims.TryDequeue(out AppendRequest? trim))
        {
            trim.Complete(Trim(trim));
            any = true;
        }
        return any;
    }

    private Exception? Trim(AppendRequest request)
    {
        try
        {
            LogTrim trim = request.Trim!.Value;
            SqliteLogFile file = _file ?? Adopt(_open());
            (long trimmed, request.HasMore) = file.Trim(trim, _group[trim.Partition].End.Sequence);
            _ends.Trim(trim.Partition, trimmed);
            request.Receipt = new AppendReceipt(0, Position.None, Replayed: false, default);
            return null;
        }
        catch (Exception e)
        {
            // As after a failed append. It is none: what clients send can be taken all the same.
            _file?.Abandon();
            _file = null;
            return e is InvalidDataException ? e : new PlatformUnavailableException($"The log cannot be trimmed: {e.Message}", e);
        }
    }

    private Exception? WriteGroup()
    {
        long started = _time.GetTimestamp();
        try
        {
            // After a failure the connection is opened anew, and with it the partitions' ends are read anew:
            // a COMMIT that failed late may have become durable all the same.
            SqliteLogFile file = _file ?? Adopt(_open());
            long now = Math.Max(_lastAppendTicks, EventTime.FromDateTimeOffset(_time.GetUtcNow()));
            file.Begin();
            _group.Admit(file, now);
            foreach (int partition in _group.Touched)
            {
                _acknowledged[partition] = file.Append(partition, _group[partition], now);
            }
            file.PruneRequests(now);
            file.Commit();
            _lastAppendTicks = now;
            _failure.Report(null);
            Volatile.Write(ref _hasWritten, true);
            foreach (int partition in _group.Touched)
            {
                SegmentBuffer segment = _group[partition];
                segment.End = segment.EndBehind(now);
                file.Acknowledge(partition, _acknowledged[partition]);
                _ends.Advance(partition, segment.End);
            }
            return null;
        }
        catch (Exception e)
        {
            _file?.Abandon();
            _file = null;
            bool isDamage = e is SqliteException { IsDamage: true };
            string problem = $"The log cannot be written: {e.Message}";
            _failure.Report(isDamage ? $"{problem}. {SqliteLogInspection.Advice}" : problem);
            return new PlatformUnavailableException(isDamage ? $"{problem}. It is damaged: the host's operator has to repair it."
                : $"{problem} Send the request again later, best with an idempotency key.", e);
        }
        finally
        {
            Telemetry.AppendDuration.Record(_time.GetElapsedTime(started).TotalSeconds);
        }
    }

    /// <summary>Goes on behind the ends of a file.</summary>
    /// <exception cref="InvalidDataException">It ends before a record that was acknowledged.</exception>
    private SqliteLogFile Adopt(SqliteLogFile file)
    {
        // The writer's from here on, also where reading the ends fails: a failed group closes it.
        _file = file;
        for (int partition = 0; partition < _partitionCount; partition++)
        {
            LogEnd end = file.End(partition);
            if (end.Sequence < _ends[partition].Sequence)
            {
                throw new InvalidDataException($"partition {partition} ends at record {end.Sequence}, and was acknowledged up to record "
                    + $"{_ends[partition].Sequence}. Stop the host. {SqliteLogInspection.Advice}");
            }
            _group[partition].End = end;
            _lastAppendTicks = Math.Max(_lastAppendTicks, end.Sequence == 0 ? long.MinValue : end.AppendTicks);
            _ends.Advance(partition, end);
            _ends.Trim(partition, file.Trimmed(partition));
        }
        Volatile.Write(ref _isDurable, true);
        return file;
    }
}
