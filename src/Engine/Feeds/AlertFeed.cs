using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Foretell.Engine.Alerts;

namespace Foretell.Engine.Feeds;

/// <summary>Hands alerts to everyone who listens, and keeps the latest for those who come back.</summary>
/// <remarks>
/// An alert's place is the feed's random name and a number. Behind a place that is still kept a subscriber goes on without
/// loss; behind any other (an older one, or one of the feed that was there before a restart) it is told that alerts are missing.
/// </remarks>
public sealed class AlertFeed
{
    /// <summary>Alerts kept for subscribers that come back, and most that wait for one subscriber.</summary>
    public const int Kept = 1024;

    private readonly Lock _gate = new();
    private readonly string _name = RandomNumberGenerator.GetHexString(8, lowercase: true);
    private readonly FeedItem<Alert>[] _kept = new FeedItem<Alert>[Kept];
    private readonly HashSet<FeedBuffer<Alert>> _subscribers = [];
    private long _published;
    private Exception? _end;

    /// <summary>Hands an alert to every subscriber.</summary>
    public void Publish(Alert alert)
    {
        lock (_gate)
        {
            long number = ++_published;
            var item = new FeedItem<Alert>(alert, 0, new AlertPlace(_name, number).ToString());
            _kept[number % Kept] = item;
            foreach (FeedBuffer<Alert> subscriber in _subscribers)
            {
                subscriber.Post(item);
            }
        }
    }

    /// <summary>The alerts from now on, or those behind a place; the subscription stands once the first item is asked for.</summary>
    /// <param name="after">Id of the last item that was read; null to begin now.</param>
    /// <param name="cancellationToken">Ends the subscription.</param>
    public async IAsyncEnumerable<FeedItem<Alert>> SubscribeAsync(string? after,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = new FeedBuffer<Alert>(Kept + 1);
        lock (_gate)
        {
            if (after is not null)
            {
                Resume(after, buffer);
            }
            if (_end is not null)
            {
                buffer.End(_end);
            }
            _subscribers.Add(buffer);
        }
        try
        {
            await foreach (FeedItem<Alert> item in buffer.ReadAsync(cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            lock (_gate)
            {
                _subscribers.Remove(buffer);
            }
        }
    }

    /// <summary>Ends every subscription, now and later, with this exception.</summary>
    public void End(Exception why)
    {
        lock (_gate)
        {
            _end ??= why;
            foreach (FeedBuffer<Alert> subscriber in _subscribers)
            {
                subscriber.End(_end);
            }
        }
    }

    private void Resume(string after, FeedBuffer<Alert> buffer)
    {
        long first = Math.Max(1, _published - Kept + 1);
        if (!AlertPlace.TryParse(after, out AlertPlace read) || read.Feed != _name || read.Number > _published)
        {
            buffer.Post(FeedItem<Alert>.Gap(null));
            return;
        }
        if (read.Number + 1 < first)
        {
            buffer.Post(FeedItem<Alert>.Gap(first - read.Number - 1));
        }
        for (long number = Math.Max(first, read.Number + 1); number <= _published; number++)
        {
            buffer.Post(_kept[number % Kept]);
        }
    }
}
