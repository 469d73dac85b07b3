using Foretell.Engine.Log;

namespace Foretell.Engine.Store;

/// <summary>Where one process keeps its events and rows: a log and a store that belong together, opened by whoever knows their
/// kind.</summary>
/// <param name="name">What it is called in messages, such as "data directory ./foretell-data".</param>
/// <param name="log">The log.</param>
/// <param name="store">The store.</param>
/// <param name="hold">What keeps other processes out, or null.</param>
public sealed class PlatformStorage(string name, IEventLog log, IStateStore store, IDisposable? hold = null) : IAsyncDisposable
{
    /// <summary>What it is called in messages.</summary>
    public string Name => name;

    /// <summary>The log.</summary>
    public IEventLog Log => log;

    /// <summary>The store.</summary>
    public IStateStore Store => store;

    /// <summary>Closes both, then lets other processes in.</summary>
    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await log.DisposeAsync();
        hold?.Dispose();
    }
}
