using System.Diagnostics.Metrics;
using Foretell.Engine;
using Foretell.Engine.Store;

namespace Foretell.Hosting;

/// <summary>Looks now and then how much a storage takes, and lets the gauges tell, until it is disposed.</summary>
/// <remarks>While the storage cannot be asked they tell nothing: what it took some time ago is no news.</remarks>
public sealed class StorageWatch : IAsyncDisposable
{
    /// <summary>A disk fills in hours; what a look costs is to stay out of sight.</summary>
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(30);

    private static readonly Lock s_gate = new();
    private static StorageWatch[] s_watches = [];

    private readonly Func<CancellationToken, Task<StorageUsage>> _measure;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private volatile StorageUsage? _usage;

    static StorageWatch()
    {
        Add("foretell.storage.size", "Bytes of log, rows and alerts; of a cluster, all of its database" + PlatformGauges.OfAll, u => u.Bytes);
        Add("foretell.disk.free", "Bytes that the disk of the data folder has left for this process", u => u.DiskFreeBytes);
        Add("foretell.disk.size", "Bytes of the disk of the data folder", u => u.DiskBytes);
    }

    /// <summary>Begins to look.</summary>
    /// <param name="measure">Looks once.</param>
    /// <param name="time">Clock of the waits in between.</param>
    public StorageWatch(Func<CancellationToken, Task<StorageUsage>> measure, TimeProvider time)
    {
        (_measure, _time) = (measure, time);
        lock (s_gate)
        {
            s_watches = [.. s_watches, this];
        }
        _loop = Background.Run(WatchAsync);
    }

    /// <summary>Looks and tells no more.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (s_gate)
        {
            s_watches = [.. s_watches.Where(watch => watch != this)];
        }
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private static void Add(string name, string description, Func<StorageUsage, long?> value) =>
        Telemetry.Meter.CreateObservableGauge(name, () => Volatile.Read(ref s_watches).Select(watch => watch._usage).OfType<StorageUsage>()
            .Select(value).OfType<long>().Select(bytes => new Measurement<long>(bytes)), "By", description);

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _usage = await _measure(_stop.Token);
            }
            catch (Exception)
            {
                // The log and the store say themselves what is wrong, each time that somebody needs them.
                _usage = null;
            }
            await Task.Delay(s_period, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
