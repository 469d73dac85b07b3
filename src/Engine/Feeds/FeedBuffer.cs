using System.Runtime.CompilerServices;

namespace Foretell.Engine.Feeds;

/// <summary>What waits for one subscriber. A subscriber that falls behind loses the oldest and is told how many; nobody ever
/// waits for it.</summary>
/// <param name="capacity">Most items that wait.</param>
internal sealed class FeedBuffer<T>(int capacity) where T : class
{
    private readonly Lock _gate = new();
    private readonly Queue<FeedItem<T>> _items = new();
    private TaskCompletionSource? _waiting;
    private long _missed;
    private Exception? _end;

    /// <summary>Adds an item. Takes constant time and runs none of the subscriber's code.</summary>
    public void Post(in FeedItem<T> item)
    {
        lock (_gate)
        {
            if (_items.Count == capacity)
            {
                // The newest forecast is worth more than the oldest, and of alerts the server still knows the old ones.
                _missed += Math.Max(1, _items.Dequeue().Missed ?? 1);
            }
            _items.Enqueue(item);
            Wake();
        }
    }

    /// <summary>Ends the feed with this exception, once what waits has been read.</summary>
    public void End(Exception why)
    {
        lock (_gate)
        {
            _end ??= why;
            Wake();
        }
    }

    /// <summary>The items, as they come. One reader at a time.</summary>
    public async IAsyncEnumerable<FeedItem<T>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            (bool taken, FeedItem<T> item, Task? more) = Take();
            if (taken)
            {
                yield return item;
            }
            else
            {
                await more!.WaitAsync(cancellationToken);
            }
        }
    }

    private (bool Taken, FeedItem<T> Item, Task? More) Take()
    {
        lock (_gate)
        {
            if (_missed > 0)
            {
                (long missed, _missed) = (_missed, 0);
                return (true, FeedItem<T>.Gap(missed), null);
            }
            if (_items.TryDequeue(out FeedItem<T> item))
            {
                return (true, item, null);
            }
            if (_end is not null)
            {
                return (false, default, Task.FromException(_end));
            }
            _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (false, default, _waiting.Task);
        }
    }

    private void Wake()
    {
        _waiting?.TrySetResult();
        _waiting = null;
    }
}
