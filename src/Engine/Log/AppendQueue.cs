namespace Foretell.Engine.Log;

/// <summary>Appends on their way into a log: those that wait for its writer, and those that the writer has at hand.</summary>
/// <remarks>
/// Bounded in memory and in number: what does not fit is refused at once, so that a slow disk costs callers an answer and
/// never the process its memory. A request whose caller has gone is taken out while it waits; once the writer has it, it is
/// written. Any thread may add, one takes. The queue has no thread and starts none.
/// </remarks>
/// <param name="maxBytes">Most memory of all requests together, bytes. A request that is larger goes in when nothing else is there.</param>
/// <param name="maxRequests">Most requests.</param>
public sealed class AppendQueue(long maxBytes = AppendQueue.DefaultBytes, int maxRequests = AppendQueue.DefaultRequests) : IDisposable
{
    /// <summary>Memory that a log's queue takes at most unless told otherwise, bytes: some seconds of a busy host.</summary>
    public const long DefaultBytes = 64 << 20;

    /// <summary>Requests that a log's queue takes at most unless told otherwise.</summary>
    public const int DefaultRequests = 16_384;

    private readonly Lock _gate = new();
    private readonly LinkedList<AppendRequest> _waiting = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private long _bytes;
    private int _count;
    private bool _resting, _closed;

    /// <summary>Memory of the requests that have no answer yet, bytes.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Requests that have no answer yet.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>True once the queue is closed and everything was taken.</summary>
    public bool IsEnded
    {
        get
        {
            lock (_gate)
            {
                return _closed && _waiting.Count == 0;
            }
        }
    }

    /// <summary>Adds a request and waits for its answer.</summary>
    /// <param name="request">A new request; the queue owns its memory from here on.</param>
    /// <param name="cancellationToken">The caller has gone. A request that still waits is dropped: nothing comes of it. One that
    /// the writer has is written all the same, and only the waiting ends.</param>
    /// <exception cref="PlatformOverloadedException">The queue is full. What the host itself appends (control records, what it
    /// reads from sources) is never refused: it is little, and whoever appends it waits before the next.</exception>
    /// <exception cref="PlatformUnavailableException">The queue is closed.</exception>
    public Task<AppendReceipt> AppendAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        // Registered before it is added: whoever takes a request must find the registration that it ends.
        request.Join(this, cancellationToken);
        Exception? refusal;
        lock (_gate)
        {
            refusal = request.Stage == AppendStage.Dropped ? null : Refusal(request);
            if (request.Stage == AppendStage.New && refusal is null)
            {
                _waiting.AddLast(request.Node);
                request.Stage = AppendStage.Waiting;
                (_bytes, _count) = (_bytes + request.Memory, _count + 1);
                Wake();
            }
        }
        if (refusal is not null)
        {
            request.Abandon(default);
            throw refusal;
        }
        Task<AppendReceipt> answer = request.Completion.Task;
        return cancellationToken.CanBeCanceled ? answer.WaitAsync(cancellationToken) : answer;
    }

    /// <summary>Hands the next request to the writer, who has to complete it.</summary>
    /// <returns>False when none waits now.</returns>
    public bool TryTake(out AppendRequest request)
    {
        lock (_gate)
        {
            if (_waiting.First is not { } first)
            {
                request = null!;
                return false;
            }
            _waiting.RemoveFirst();
            request = first.Value;
            request.Stage = AppendStage.Taken;
            return true;
        }
    }

    /// <summary>Completes once there may be something to take, or nothing any more.</summary>
    public Task WaitAsync() => Rest() ? _arrived.WaitAsync() : Task.CompletedTask;

    /// <summary>Takes no more requests; what waits is still handed out.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Wake();
        }
    }

    /// <summary>Frees the wait handle; call it when the writer has ended.</summary>
    public void Dispose() => _arrived.Dispose();

    /// <summary>The caller of a request has gone.</summary>
    internal void Drop(AppendRequest request, CancellationToken caller)
    {
        lock (_gate)
        {
            if (request.Stage is AppendStage.Taken or AppendStage.Dropped)
            {
                return;
            }
            if (request.Stage == AppendStage.Waiting)
            {
                _waiting.Remove(request.Node);
                Forget(request.Memory);
            }
            request.Stage = AppendStage.Dropped;
        }
        request.Abandon(caller);
    }

    /// <summary>A request that was taken has its answer.</summary>
    internal void Leave(long memory)
    {
        lock (_gate)
        {
            Forget(memory);
        }
    }

    private Exception? Refusal(AppendRequest request)
    {
        if (_closed)
        {
            return new PlatformUnavailableException("The log is closed: the platform is shutting down.");
        }
        bool fits = _count == 0 || (_count < maxRequests && _bytes + request.Memory <= maxBytes);
        return fits || request.IsOwn ? null : new PlatformOverloadedException(
            $"The log is written more slowly than events arrive: {_count} requests with {_bytes >> 20} MiB wait for the disk, and at most "
            + $"{maxRequests} with {maxBytes >> 20} MiB may. Nothing of this request was kept; send it again after a pause.");
    }

    private void Forget(long memory) => (_bytes, _count) = (_bytes - memory, _count - 1);

    private bool Rest()
    {
        lock (_gate)
        {
            return _resting = _waiting.Count == 0 && !_closed;
        }
    }

    private void Wake()
    {
        if (_resting)
        {
            _resting = false;
            _arrived.Release();
        }
    }
}
