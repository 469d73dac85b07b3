using Foretell.Engine.Log;
using Foretell.FakeHub;
using Foretell.Hosting;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using Microsoft.Extensions.Logging;

namespace Foretell.Ingest.EventHubs.Tests;

/// <summary>A hub behind its endpoint, a platform in a folder, and the feed from one to the other, which can be ended and begun
/// anew.</summary>
internal sealed class HubFeed : IAsyncDisposable
{
    /// <summary>Longest wait for what should take no time; a failing test's only cost.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();

    public HubFeed(int partitions = 2, TimeProvider? clock = null)
    {
        Hub = new Hub("events", partitions, clock: clock);
        Endpoint = HubEndpoint.Start(Hub);
    }

    public Hub Hub { get; }

    public HubEndpoint Endpoint { get; }

    public LogCollector Log { get; } = new();

    /// <summary>How the next feed reads.</summary>
    public SourceOptions Options { get; set; } = new()
    {
        RetryDelay = TimeSpan.FromMilliseconds(20),
        MaxRetryDelay = TimeSpan.FromMilliseconds(200),
        RetakeDelay = TimeSpan.FromMilliseconds(20),
        CheckInterval = TimeSpan.FromMilliseconds(200),
    };

    public MessageMapping? Mapping { get; set; }

    /// <summary>How the SDK is used.</summary>
    public EventHubOptions HubOptions { get; init; } = new();

    public EmbeddedPlatform Platform { get; private set; } = null!;

    public SourceFeed Feed { get; private set; } = null!;

    /// <summary>Opens the platform and begins to feed it.</summary>
    public async Task<HubFeed> StartAsync()
    {
        Platform = await EmbeddedPlatform.OpenAsync(new EmbeddedOptions
        {
            OpenStorage = SqliteStorage.In(_folder.Path, 4),
            Model = Small.Model,
            Threads = 2,
        });
        await Platform.Ready;
        Feed = Read();
        Platform.Sources = Feed.Report;
        return this;
    }

    /// <summary>One more feed of the same hub into the same log.</summary>
    public SourceFeed Read() => new(Source(), Platform.SourceLog, () => new MessageDecoder(Mapping), Options,
        () => Platform.LagEvents, TimeProvider.System, Log);

    public EventHubSource Source() => new("events", EventHubAddress.Parse(Endpoint.ConnectionString, "events"), HubOptions);

    /// <summary>Ends feed and platform.</summary>
    public async Task StopAsync()
    {
        await Feed.DisposeAsync();
        await Platform.DisposeAsync();
    }

    public Task UntilAsync(Func<bool> condition) => Support.Until.TrueAsync(condition, Limit);

    /// <summary>Waits until so many events are applied or dead letters.</summary>
    public Task UntilTakenAsync(long events) => UntilAsync(() =>
    {
        PlatformStatus status = Platform.Status();
        return status.EventsApplied + status.DeadLetters >= events;
    });

    /// <summary>Where the reading of a partition stands.</summary>
    public SourceProgress? Progress(int partition) =>
        Feed.Report().Partitions.FirstOrDefault(p => p.Partition.Partition == $"{partition}");

    public async ValueTask DisposeAsync()
    {
        if (Platform is not null)
        {
            await StopAsync();
        }
        await Endpoint.DisposeAsync();
        _folder.Dispose();
    }
}
