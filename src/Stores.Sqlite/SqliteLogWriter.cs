using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Stores.Sqlite;

/// <summary>The one thread that writes the log. Appends that wait at the same time share a transaction (group commit).</summary>
internal sealed class SqliteLogWriter : IDisposable
{
    // One transaction's size: large enough to share a disk sync among many, small enough to keep its wait short.
    private const int GroupBytes = 8 << 20;

    private readonly Func<SqliteLogFile> _open;
    private readonly TimeProvider _time;
    private readonly LogEnds _ends;
    private readonly LastFailure _failure;
    private readonly AppendQueue _queue = new();
    private readonly AppendGroup _group;
    private readonly int _partitionCount;
    private readonly Thread _thread;
    private SqliteLogFile? _file;
    private long _lastAppendTicks = long.MinValue;

    /// <param name="file">The open file; the writer owns it.</param>
    /// <param name="open">Opens the file again after a failure.</param>
    /// <param name="time">Clock of append times.</param>
    /// <param name="ends">Told each partition's new end once it is durable, before any caller is answered.</param>
    public SqliteLogWriter(SqliteLogFile file, Func<SqliteLogFile> open, TimeProvider time, LogEnds ends)
    {
        (_open, _time, _ends, _failure) = (open, time, ends, new LastFailure(time));
        _partitionCount = file.PartitionCount;
        _group = new AppendGroup(_partitionCount);
        Adopt(file);
        _thread = new Thread(Run) { Name = "foretell-log-writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Why the last transaction failed, or null when it did not or was a while ago.</summary>
    public string? Problem => _failure.Message;

    /// <inheritdoc cref="AppendQueue.AppendAsync"/>
    public Task<AppendReceipt> AppendAsync(AppendRequest request, CancellationToken cancellationToken) =>
        _queue.AppendAsync(request, cancellationToken);

    /// <summary>Writes what is queued, then closes the file.</summary>
    public void Dispose()
    {
        _queue.Close();
        _thread.Join();
        _file?.Dispose();
        _queue.Dispose();
    }

    private void Run()
    {
        while (!_queue.IsEnded)
        {
            if (!WriteNext())
            {
                _queue.Wait();
            }
        }
    }

    /// <summary>Writes the appends that wait, up to a group's size.</summary>
    /// <returns>False when none did.</returns>
    private bool WriteNext()
    {
        while (_group.Bytes < GroupBytes && _queue.TryTake(out AppendRequest next))
        {
            _group.Add(next);
        }
        if (_group.Requests.Count == 0)
        {
            return false;
        }
        _group.Complete(WriteGroup());
        return true;
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
                file.Append(partition, _group[partition], now);
            }
            file.PruneRequests(now);
            file.Commit();
            _lastAppendTicks = now;
            _failure.Report(null);
            foreach (int partition in _group.Touched)
            {
                SegmentBuffer segment = _group[partition];
                segment.End = segment.EndBehind(now);
                _ends.Advance(partition, segment.End);
            }
            return null;
        }
        catch (Exception e)
        {
            _file?.Dispose();
            _file = null;
            string problem = $"The log cannot be written: {e.Message}";
            _failure.Report(problem);
            return new PlatformUnavailableException($"{problem} Send the request again later, best with an idempotency key.", e);
        }
        finally
        {
            Telemetry.AppendDuration.Record(_time.GetElapsedTime(started).TotalSeconds);
        }
    }

    private SqliteLogFile Adopt(SqliteLogFile file)
    {
        for (int partition = 0; partition < _partitionCount; partition++)
        {
            LogEnd end = _group[partition].End = file.End(partition);
            _lastAppendTicks = Math.Max(_lastAppendTicks, end.Sequence == 0 ? long.MinValue : end.AppendTicks);
            _ends.Advance(partition, end);
        }
        return _file = file;
    }
}
