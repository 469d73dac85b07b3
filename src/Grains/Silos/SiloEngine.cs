using System.Collections.Concurrent;
using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Store;
using Foretell.Hosting;
using Foretell.Models.Stepping;

namespace Foretell.Grains.Silos;

/// <summary>What the grains of one silo share: model, log, store, worker threads, and the shards that live here.</summary>
/// <param name="model">Model that advances every stream.</param>
/// <param name="log">The log.</param>
/// <param name="store">The store.</param>
/// <param name="alerts">Where raised alerts go; null for a cluster that raises none.</param>
/// <param name="options">Paces and sizes.</param>
public sealed class SiloEngine(ServingModel model, IEventLog log, IStateStore store, IAlertLog? alerts, GrainOptions options) : IDisposable
{
    private readonly ConcurrentDictionary<int, PartitionHost> _partitions = new();
    private readonly Lazy<WorkerThreads> _workers = new(() => new WorkerThreads(options.Threads));

    /// <summary>Model that advances every stream.</summary>
    public ServingModel Model => model;

    /// <summary>The log.</summary>
    public IEventLog Log => log;

    /// <summary>The store.</summary>
    public IStateStore Store => store;

    /// <summary>Where raised alerts go, or null.</summary>
    public IAlertLog? Alerts => alerts;

    /// <summary>When a stream is overdue: never, where alerts have no place to go.</summary>
    internal AlertRule AlertRule => alerts is null ? AlertRule.Off : options.Alerts;

    /// <summary>Paces and sizes.</summary>
    public GrainOptions Options => options;

    /// <summary>Brokers that are read into the log, by name; the same on every silo.</summary>
    public IReadOnlyDictionary<string, SourceSetup> Sources { get; init; } = new Dictionary<string, SourceSetup>();

    /// <summary>Brokers that are published to, by name; the same on every silo.</summary>
    public IReadOnlyDictionary<string, SinkSetup> Sinks { get; init; } = new Dictionary<string, SinkSetup>();

    /// <summary>Threads for steps; started with the first shard.</summary>
    internal WorkerThreads Workers => _workers.Value;

    /// <summary>The partitions that live on this silo.</summary>
    internal ICollection<PartitionHost> LocalPartitions => _partitions.Values;

    /// <summary>The host of a partition when it lives on this silo, else null.</summary>
    internal PartitionHost? FindLocal(int partition) => _partitions.GetValueOrDefault(partition);

    internal void Add(PartitionHost host) => _partitions[host.Shard.Partition] = host;

    internal void Remove(PartitionHost host) => _partitions.TryRemove(KeyValuePair.Create(host.Shard.Partition, host));

    /// <summary>How many partitions this silo can carry beside others: by the threads that the machine has cores for, and by what the
    /// device makes of them.</summary>
    internal double Weight(DeviceReport device) => Math.Min(options.Threads, Environment.ProcessorCount) * device.Speedup;

    /// <summary>Partition of a grain's key.</summary>
    /// <exception cref="ArgumentException">The log has no such partition.</exception>
    internal int CheckPartition(long key) => key >= 0 && key < log.PartitionCount
        ? (int)key
        : throw new ArgumentException($"This log has partitions 0 to {log.PartitionCount - 1}, got {key}.");

    /// <summary>Ends the worker threads, after the silo has stopped.</summary>
    public void Dispose()
    {
        if (_workers.IsValueCreated)
        {
            _workers.Value.Dispose();
        }
    }
}
