using Foretell.Engine.Alerts;
using Foretell.Engine.Log;

namespace Foretell.Engine.Store;

/// <summary>Where one process keeps its events, rows and alerts: what belongs together, opened by whoever knows its kind.</summary>
/// <param name="name">What it is called in messages, such as "data directory ./foretell-data".</param>
/// <param name="log">The log.</param>
/// <param name="store">The store.</param>
/// <param name="alerts">The log of alerts.</param>
/// <param name="hold">What keeps other processes out, or null.</param>
public sealed class PlatformStorage(string name, IEventLog log, IStateStore store, IAlertLog alerts, IDisposable? hold = null)
    : IAsyncDisposable
{
    /// <summary>What it is called in messages.</summary>
    public string Name => name;

    /// <summary>The log.</summary>
    public IEventLog Log => log;

    /// <summary>The store.</summary>
    public IStateStore Store => store;

    /// <summary>The log of alerts.</summary>
    public IAlertLog Alerts => alerts;

    /// <summary>Looks how much all of them take; null where nobody can tell.</summary>
    public Func<CancellationToken, Task<StorageUsage>>? Measure { get; init; }

    /// <summary>The same with another log, which stands in front of this one and closes it; for a simulation that looks on.</summary>
    internal PlatformStorage With(IEventLog front) => new(name, front, store, alerts, hold) { Measure = Measure };

    /// <summary>Closes all of them, then lets other processes in.</summary>
    public async ValueTask DisposeAsync()
    {
        await alerts.DisposeAsync();
        await store.DisposeAsync();
        await log.DisposeAsync();
        hold?.Dispose();
    }
}
