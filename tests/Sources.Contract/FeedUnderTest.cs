using System.Globalization;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Sources.Contract;

/// <summary>A platform in a folder, and the feed from a source to it, which can be ended and begun anew.</summary>
public sealed class FeedUnderTest(Func<IMessageSource> open) : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private SourceFeed? _feed;

    public EmbeddedPlatform Platform { get; private set; } = null!;

    public LogCollector Log { get; } = new();

    /// <summary>How the next feed reads.</summary>
    public SourceOptions Options { get; set; } = new()
    {
        RetryDelay = TimeSpan.FromMilliseconds(20),
        MaxRetryDelay = TimeSpan.FromMilliseconds(200),
        RetakeDelay = TimeSpan.FromMilliseconds(20),
        CheckInterval = TimeSpan.FromMilliseconds(200),
    };

    public async Task StartAsync()
    {
        Platform = await EmbeddedPlatform.OpenAsync(new EmbeddedOptions
        {
            OpenStorage = SqliteStorage.In(_folder.Path, 4),
            Model = Small.Model,
            Threads = 2,
        });
        await Platform.Ready;
        _feed = new SourceFeed(open(), Platform.SourceLog, () => new MessageDecoder(), Options, () => Platform.LagEvents,
            TimeProvider.System, Log);
        Platform.Sources = _feed.Report;
    }

    /// <summary>Where the reading of a partition stands; null before it began.</summary>
    public SourceProgress? Progress(int partition) =>
        _feed!.Report().Partitions.FirstOrDefault(p => p.Partition.Partition == partition.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits until some problem holds a text.</summary>
    public Task UntilProblemAsync(string text) =>
        UntilAsync(() => Platform.Status().Problems.Any(p => p.Contains(text, StringComparison.Ordinal)));

    /// <summary>Waits until so many events are applied or dead letters, and none waits.</summary>
    public Task UntilTakenAsync(long events) => UntilAsync(() =>
        Platform.Status() is { LagEvents: 0 } status && status.EventsApplied + status.DeadLetters >= events);

    /// <summary>Waits for what should take no time; a failing test's only cost is the limit.</summary>
    public static Task UntilAsync(Func<bool> condition) => Until.TrueAsync(condition, TimeSpan.FromSeconds(60));

    public async Task StopAsync()
    {
        if (_feed is not null)
        {
            await _feed.DisposeAsync();
            await Platform.DisposeAsync();
            _feed = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Dispose();
    }
}
