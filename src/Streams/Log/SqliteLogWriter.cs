using System.Collections.Concurrent;

namespace Foretell.Streams;

/// <summary>The one thread that writes the log. Appends that wait at the same time share a transaction (group commit).</summary>
internal sealed class SqliteLogWriter : IDisposable
{
    // One transaction's size: large enough to share a disk sync among many, small enough to keep its wait short.
    private const int GroupBytes = 8 << 20;

    private readonly Func<SqliteLogFile> _open;
    private readonly TimeProvider _time;
    private readonly Action<int, LogEnd> _publish;
    private readonly BlockingCollection<AppendRequest> _queue = [];
    private readonly List<AppendRequest> _group = [];
    private readonly SegmentBuffer[] _segments;
    private readonly List<int> _touched = [];
    private readonly Thread _thread;
    private SqliteLogFile? _file;
    private long _lastAppendTicks = long.MinValue;

    /// <param name="file">The open file; the writer owns it.</param>
    /// <param name="open">Opens the file again after a failure.</param>
    /// <param name="time">Clock of append times.</param>
    /// <param name="publish">Told each partition's new end once it is durable, before any caller is answered.</param>
    public SqliteLogWriter(SqliteLogFile file, Func<SqliteLogFile> open, TimeProvider time, Action<int, LogEnd> publish)
    {
        (_open, _time, _publish) = (open, time, publish);
        _segments = [.. Enumerable.Range(0, file.PartitionCount).Select(_ => new SegmentBuffer())];
        Adopt(file);
        _thread = new Thread(Run) { Name = "foretell-log-writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Why the last transaction failed, or null when it did not.</summary>
    public string? Problem { get; private set; }

    /// <summary>Queues a request; its <see cref="AppendRequest.Completion"/> tells the outcome.</summary>
    /// <exception cref="PlatformUnavailableException">The log is closed.</exception>
    public void Enqueue(AppendRequest request)
    {
        try
        {
            _queue.Add(request);
        }
        catch (InvalidOperationException)
        {
            throw new PlatformUnavailableException("The log is closed: the platform is shutting down.");
        }
    }

    /// <summary>Writes what is queued, then closes the file.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _file?.Dispose();
        _queue.Dispose();
    }

    private void Run()
    {
        foreach (AppendRequest first in _queue.GetConsumingEnumerable())
        {
            _group.Add(first);
            for (int bytes = first.Length; bytes < GroupBytes && _queue.TryTake(out AppendRequest? next); bytes += next.Length)
            {
                _group.Add(next);
            }
            Exception? failure = WriteGroup();
            foreach (AppendRequest request in _group)
            {
                request.Complete(failure);
            }
            _group.Clear();
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
            foreach (AppendRequest request in _group)
            {
                Admit(file, request, now);
            }
            foreach (int partition in _touched)
            {
                SegmentBuffer segment = _segments[partition];
                segment.End = file.Append(partition, segment.End, segment.Count, segment.Events, now, segment.Records);
            }
            file.Keys.Prune(now);
            file.Commit();
            _lastAppendTicks = now;
            Problem = null;
            foreach (int partition in _touched)
            {
                _publish(partition, _segments[partition].End);
            }
            return null;
        }
        catch (Exception e)
        {
            _file?.Dispose();
            _file = null;
            Problem = $"The log cannot be written: {e.Message}";
            return new PlatformUnavailableException($"{Problem} Send the request again later, best with an idempotency key.", e);
        }
        finally
        {
            foreach (int partition in _touched)
            {
                _segments[partition].Clear();
            }
            _touched.Clear();
            Telemetry.AppendDuration.Record(_time.GetElapsedTime(started).TotalSeconds);
        }
    }

    private void Admit(SqliteLogFile file, AppendRequest request, long now)
    {
        if (request.Control is { } control)
        {
            if (file.FindControl(control.Name) == control.Value)
            {
                request.Receipt = new AppendReceipt(0, Position.None, Replayed: true, default);
                return;
            }
            file.PutControl(control.Name, control.Value);
        }
        if (request.Idempotent is { } repeated)
        {
            try
            {
                request.Receipt = file.Keys.Find(repeated, now);
            }
            catch (IdempotencyConflictException e)
            {
                request.Refusal = e;
            }
            if (request.Receipt is not null || request.Refusal is not null)
            {
                return;
            }
        }
        var reached = new (int, long)[request.Parts.Length];
        for (int i = 0; i < reached.Length; i++)
        {
            AppendPart part = request.Parts[i];
            SegmentBuffer segment = _segments[part.Partition];
            if (segment.Count == 0)
            {
                _touched.Add(part.Partition);
            }
            segment.Add(request.Records(part), part.Count, request.Control is null ? part.Count : 0);
            reached[i] = (part.Partition, segment.End.Sequence + segment.Count);
        }
        request.Receipt = new AppendReceipt(request.Accepted, new Position(reached), Replayed: false, request.Idempotent?.Payload ?? default);
        if (request.Idempotent is { } first)
        {
            file.Keys.Put(first, request.Receipt, now);
        }
    }

    private SqliteLogFile Adopt(SqliteLogFile file)
    {
        for (int partition = 0; partition < _segments.Length; partition++)
        {
            LogEnd end = _segments[partition].End = file.End(partition);
            _lastAppendTicks = Math.Max(_lastAppendTicks, end.Sequence == 0 ? long.MinValue : end.AppendTicks);
            _publish(partition, end);
        }
        return _file = file;
    }

    /// <summary>The segment that this transaction adds to one partition.</summary>
    private sealed class SegmentBuffer
    {
        private byte[] _bytes = [];
        private int _length;

        public LogEnd End { get; set; }
        public int Count { get; private set; }
        public int Events { get; private set; }
        public ReadOnlySpan<byte> Records => _bytes.AsSpan(0, _length);

        public void Add(ReadOnlySpan<byte> records, int count, int events)
        {
            if (_bytes.Length - _length < records.Length)
            {
                Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + records.Length));
            }
            records.CopyTo(_bytes.AsSpan(_length));
            _length += records.Length;
            Count += count;
            Events += events;
        }

        public void Clear() => (_length, Count, Events) = (0, 0, 0);
    }
}
