using Foretell.Grains.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Streams;

namespace Foretell.Grains.Feeds;

/// <summary>The Orleans streams by which shards push what feeds tell; decision 12 says why they may lose items.</summary>
/// <remarks>
/// There are as many streams as gateways, and one more: Orleans keeps a record of every stream that was ever published,
/// so a stream for each of millions of keys would be a leak.
/// </remarks>
internal sealed class FeedStreams(IServiceProvider services)
{
    private const string Provider = "foretell", PubSubStore = "PubSubStore";

    // An agent asks each queue this often: what a push may be late, and all that an idle cluster pays.
    private static readonly TimeSpan s_pull = TimeSpan.FromMilliseconds(50);

    // A push that does not arrive must not hold up those behind it for long.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly IStreamProvider _provider = services.GetRequiredKeyedService<IStreamProvider>(Provider);

    /// <summary>Every alert, as it is raised.</summary>
    public IAsyncStream<AlertRow> Alerts => _provider.GetStream<AlertRow>(StreamId.Create("foretell.alerts", "all"));

    /// <summary>Changes that one gateway asked for.</summary>
    /// <param name="gateway">Name that the gateway subscribes under (<see cref="IStreamGrain.Subscribe"/>).</param>
    public IAsyncStream<StreamChange> Changes(string gateway) =>
        _provider.GetStream<StreamChange>(StreamId.Create("foretell.forecasts", gateway));

    /// <summary>Pushes, as far as that works now: the numbers of what comes next tell of what did not arrive.</summary>
    public static async Task PushAsync(Func<Task> push, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await push().WaitAsync(s_patience, time, cancellationToken);
        }
        catch (Exception)
        {
            // The silo with the queue is gone, or ours is on its way out.
        }
    }

    /// <summary>Adds the stream provider.</summary>
    public static void Add(ISiloBuilder silo)
    {
        silo.AddMemoryGrainStorage(PubSubStore);
        silo.AddMemoryStreams(Provider, streams =>
        {
            streams.ConfigurePartitioning(1);
            streams.ConfigurePullingAgent(agent => agent.Configure(o => o.GetQueueMsgsTimerPeriod = s_pull));
        });
        silo.Services.AddSingleton<FeedStreams>();
    }
}
