namespace Foretell.Engine.Log;

/// <summary>A number that only grows and that many can await: the head of a partition, the position of a shard.</summary>
public sealed class SequenceSignal
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _waiters = new();
    private long _value;
    private int _abandoned;
    private Exception? _failure;

    /// <summary>The number now.</summary>
    public long Value => Volatile.Read(ref _value);

    /// <summary>Raises the number and wakes everyone who waited for it. A lower number changes nothing.</summary>
    public void Publish(long value)
    {
        lock (_gate)
        {
            if (value <= _value)
            {
                return;
            }
            Volatile.Write(ref _value, value);
            while (_waiters.TryPeek(out TaskCompletionSource? waiter, out long atLeast) && atLeast <= value)
            {
                _waiters.Dequeue();
                waiter.TrySetResult();
            }
        }
    }

    /// <summary>The number will not grow any more: everyone who waits for more gets this exception, now and later.</summary>
    public void Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure = failure;
            while (_waiters.TryDequeue(out TaskCompletionSource? waiter, out _))
            {
                waiter.TrySetException(failure);
            }
        }
    }

    /// <summary>Completes once the number is <paramref name="atLeast"/> or more.</summary>
    public Task WaitAsync(long atLeast, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (atLeast <= _value)
            {
                return Task.CompletedTask;
            }
            if (_failure is not null)
            {
                return Task.FromException(_failure);
            }
            // Continuations run elsewhere: a publisher must not run its waiters' code.
            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Enqueue(waiter, atLeast);
            return cancellationToken.CanBeCanceled ? WaitAsync(waiter, cancellationToken) : waiter.Task;
        }
    }

    /// <summary>Waiters kept, those included that have given up and are not forgotten yet.</summary>
    internal int Waiters
    {
        get
        {
            lock (_gate)
            {
                return _waiters.Count;
            }
        }
    }

    private async Task WaitAsync(TaskCompletionSource waiter, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.Register(() => Abandon(waiter, cancellationToken));
        await waiter.Task.ConfigureAwait(false);
    }

    /// <summary>A waiter gave up. While the number stands still nobody takes it from the queue, so every now and then all of them
    /// are swept out.</summary>
    private void Abandon(TaskCompletionSource waiter, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!waiter.TrySetCanceled(cancellationToken) || ++_abandoned < 16 || _abandoned < _waiters.Count / 2)
            {
                return;
            }
            (TaskCompletionSource, long)[] waiting = [.. _waiters.UnorderedItems.Where(item => !item.Element.Task.IsCompleted)];
            _waiters.Clear();
            _waiters.EnqueueRange(waiting);
            _abandoned = 0;
        }
    }
}
