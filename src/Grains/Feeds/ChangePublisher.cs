using Foretell.Engine;
using Foretell.Engine.Feeds;
using Foretell.Grains.Contracts;
using Foretell.Hosting;
using Orleans.Streams;

namespace Foretell.Grains.Feeds;

/// <summary>Publishes the changes of a shard's streams to the gateways that asked for them, each for as long as it goes on
/// asking.</summary>
/// <remarks>Costs nothing for streams that nobody asked for. Not for use from several threads at once.</remarks>
internal sealed class ChangePublisher(PartitionHost host, Func<string, IAsyncStream<StreamChange>> streams, TimeProvider time)
    : IAsyncDisposable
{
    /// <summary>How long a gateway is told of changes after it has asked; readers that are gone cost no longer than that.</summary>
    public static readonly TimeSpan Term = TimeSpan.FromSeconds(10);

    private readonly Dictionary<(string Stream, string Gateway), (CancellationTokenSource Term, Task Loop)> _subscriptions = [];

    /// <summary>Subscriptions that stand, those included that ended since the last call of <see cref="Subscribe"/>.</summary>
    public int Count => _subscriptions.Count;

    /// <summary>Tells a gateway of a stream's changes from now on, or for another term.</summary>
    /// <returns>Where the stream stands; what comes behind it is published.</returns>
    /// <exception cref="PlatformUnavailableException">The shard cannot answer now.</exception>
    public Subscribed Subscribe(string stream, string gateway)
    {
        ForgetEnded();
        host.Serving();
        if (_subscriptions.TryGetValue((stream, gateway), out var standing) && !standing.Term.IsCancellationRequested)
        {
            standing.Term.CancelAfter(Term);
        }
        else
        {
            var term = new CancellationTokenSource(Term, time);
            // Up to its first wait it runs here, so that the subscription stands before the question below.
            IAsyncEnumerator<FeedItem<ForecastChange>> changes = host.SubscribeAsync(stream, term.Token)
                .GetAsyncEnumerator(CancellationToken.None);
            Task<bool> first = changes.MoveNextAsync().AsTask();
            _subscriptions[(stream, gateway)] = (term, Background.Run(() => PublishAsync(changes, first, streams(gateway), term.Token)));
        }
        return new Subscribed(host.Epoch, host.Answer(shard => shard.Current(stream)) is { } now ? StreamChange.Of(now, host.Epoch) : null);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_subscriptions.Values.Select(async subscription =>
        {
            await subscription.Term.CancelAsync();
            await Background.EndedAsync(subscription.Loop);
            subscription.Term.Dispose();
        }));
        _subscriptions.Clear();
    }

    private void ForgetEnded()
    {
        foreach (((string, string) key, (CancellationTokenSource term, Task loop)) in _subscriptions)
        {
            if (loop.IsCompleted)
            {
                term.Dispose();
                _subscriptions.Remove(key);
            }
        }
    }

    private async Task PublishAsync(IAsyncEnumerator<FeedItem<ForecastChange>> changes, Task<bool> next, IAsyncStream<StreamChange> target,
        CancellationToken ended)
    {
        await using (changes)
        {
            while (await next)
            {
                // A gap needs no word: the counts of what comes next tell of it.
                if (changes.Current.Value is { } change)
                {
                    await FeedStreams.PushAsync(() => target.OnNextAsync(StreamChange.Of(change, host.Epoch)), time, ended);
                }
                next = changes.MoveNextAsync().AsTask();
            }
        }
    }
}
