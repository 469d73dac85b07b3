using Foretell.Grains.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Streams;

namespace Foretell.Grains.Feeds;

/// <summary>Takes what shards push to this gateway, and hands it to the feeds that are open here.</summary>
/// <remarks>
/// Orleans keeps its list of subscribers in the memory of some silo, which may be lost. So the inbox looks every few
/// seconds whether it is still on the list. What was pushed meanwhile the feeds miss, notice and make up for.
/// </remarks>
internal sealed partial class FeedInbox(FeedStreams streams, ILocalSiloDetails silo, TimeProvider time, ILogger<FeedInbox> log)
    : BackgroundService
{
    private static readonly TimeSpan s_check = TimeSpan.FromSeconds(3), s_farewell = TimeSpan.FromSeconds(2);

    /// <summary>Name under which shards know this gateway; another one after a restart.</summary>
    public string Name { get; } = silo.SiloAddress.ToParsableString();

    /// <summary>Feeds of streams, by stream.</summary>
    public Listeners<ChangeNews> Changes { get; } = new();

    /// <summary>Feeds of alerts, under the empty key.</summary>
    public Listeners<AlertRow> Alerts { get; } = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var changes =
            new Subscription<StreamChange>(streams.Changes(Name), change => Changes.Post(change.Stream, new ChangeNews(change, null)));
        var alerts = new Subscription<AlertRow>(streams.Alerts, alert => Alerts.Post("", alert));
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await changes.RenewAsync().WaitAsync(stoppingToken);
                await alerts.RenewAsync().WaitAsync(stoppingToken);
            }
            catch (Exception e)
            {
                if (stoppingToken.IsCancellationRequested)
                {
                    break;
                }
                LogNotSubscribed(e.Message);
            }
            await Task.Delay(s_check, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        Task left = Task.WhenAll(changes.EndAsync(), alerts.EndAsync());
        await left.WaitAsync(s_farewell).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Pushes to the feeds of this gateway may be missing, and come later: {Problem}")]
    private partial void LogNotSubscribed(string problem);

    private sealed class Subscription<T>(IAsyncStream<T> stream, Action<T> take)
    {
        private StreamSubscriptionHandle<T>? _handle;

        public async Task RenewAsync()
        {
            if (_handle is not { } standing || !(await stream.GetAllSubscriptionHandles()).Any(h => h.HandleId == standing.HandleId))
            {
                // An older subscription is not ended: agents that know it go on delivering, and those of a new list do not know it.
                _handle = await stream.SubscribeAsync((item, _) =>
                {
                    take(item);
                    return Task.CompletedTask;
                });
            }
        }

        public Task EndAsync() => _handle?.UnsubscribeAsync() ?? Task.CompletedTask;
    }
}
