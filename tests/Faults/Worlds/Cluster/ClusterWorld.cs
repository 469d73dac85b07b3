using System.Text;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Faults.Disk;
using Foretell.Faults.Time;
using Foretell.Grains.Readers;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using static Foretell.Faults.Worlds.SimulationFailure;

namespace Foretell.Faults.Worlds.Cluster;

/// <summary>Workers that own partitions, readers that feed them over the fabric, and a coordinator that moves partitions: the cluster's
/// parts without Orleans. Log and store are one process that all of them share, as a database is.</summary>
internal sealed class ClusterWorld : IWorld
{
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(3);

    private readonly Random _random;
    private readonly SimulatedClock _clock;
    private readonly Story _story;
    private readonly Fabric _fabric;
    private readonly SqliteEventLog _log;
    private readonly SqliteStateStore _store;
    private readonly Worker[] _workers;
    private readonly List<PartitionOwner>[] _owners;
    private readonly WorkerThreads _threads = new(1);
    private readonly PartitionHostOptions _options;
    private readonly CancellationTokenSource _stop = new();
    private readonly Weather _weather;

    public ClusterWorld(Random random, SimulatedClock clock, Weather weather, string directory, int partitions, Story story)
    {
        (_random, _clock, _weather, _story) = (random, clock, weather, story);
        _fabric = new Fabric(new Random(random.Next()), clock, weather);
        _log = SqliteEventLog.Open(Path.Combine(directory, "log.db"), partitions, clock);
        _store = new SqliteStateStore(directory, _log.Identity);
        _workers = [.. Enumerable.Range(0, random.Next(2, 4)).Select(_ => new Worker(_store, _fabric, weather))];
        _owners = [.. Enumerable.Range(0, partitions).Select(_ => new List<PartitionOwner>())];
        _options = new PartitionHostOptions
        {
            Lease = s_lease, Time = clock, CommitInterval = TimeSpan.FromMilliseconds(random.Next(50, 2000)),
            CommitRecords = random.Next(2) == 0 ? random.Next(1, 50) : 200_000,
        };
    }

    /// <inheritdoc/>
    public long Generation { get; private set; }

    /// <inheritdoc/>
    public bool IsGivenUp => false;

    /// <summary>Binds the log, then coordinates: every partition has an owner that serves, and moves now and then.</summary>
    public async Task SuperviseAsync()
    {
        await BindAsync();
        var options = new GrainOptions { BatchSize = _random.Next(1, 40), BatchesInFlight = _random.Next(1, 4) };
        var readers = new List<Task>();
        for (int partition = 0; partition < _owners.Length; partition++)
        {
            int p = partition;
            Move(p);
            var address = new ShardAddress(_fabric, () => _owners[p][^1]);
            readers.Add(new PartitionReader(p, _log, address, options, _clock).RunAsync(_stop.Token));
        }
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), _clock, _stop.Token).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            for (int p = 0; p < _owners.Length && !_stop.IsCancellationRequested; p++)
            {
                PartitionOwner newest = _owners[p][^1];
                if (newest.Host.Lost.IsCompleted || newest.Worker.IsDead)
                {
                    Move(p);
                }
            }
        }
        await Task.WhenAll(readers);
        foreach (PartitionOwner owner in _owners.SelectMany(owners => owners))
        {
            await owner.Host.StopAsync("The simulation ends.", CancellationToken.None);
        }
        await _store.DisposeAsync();
        await _log.DisposeAsync();
        _threads.Dispose();
    }

    /// <summary>Binds the log; a silo that the disk fails then ends, and is started again.</summary>
    private async Task BindAsync()
    {
        while (true)
        {
            try
            {
                await LogBinding.BindAsync(_log, Small.Valued, null, null, CancellationToken.None);
                return;
            }
            catch (PlatformUnavailableException e)
            {
                _story.Tell($"A silo cannot start: {e.Message}");
                await Task.Delay(TimeSpan.FromSeconds(1), _clock);
            }
        }
    }

    /// <summary>Does its worst for a while, then heals everything.</summary>
    public async Task TroubleAsync()
    {
        for (int blows = _random.Next(2, 12); blows > 0; blows--)
        {
            await Task.Delay(new TimeSpan(_random.NextInt64(3 * TimeSpan.TicksPerSecond)), _clock);
            Worker worker = _workers[_random.Next(_workers.Length)];
            switch (_random.Next(6))
            {
                case 0:
                    Kill(worker);
                    break;
                case 1:
                    Weather.Count(FaultKind.Split);
                    _story.Tell($"The store no longer hears a worker.");
                    worker.IsUnheardByStore = true;
                    break;
                case 2:
                    Weather.Count(FaultKind.Split);
                    _story.Tell($"Readers no longer hear a worker, which hears them.");
                    worker.IsUnheardByReaders = true;
                    break;
                case 3:
                    Heal();
                    _weather.IsBad = !_weather.IsBad;
                    break;
                default:
                    Move(_random.Next(_owners.Length));
                    break;
            }
        }
        Heal();
        _weather.IsBad = false;
    }

    /// <summary>Waits until every partition has an owner that has applied all of the log, and tells their state.</summary>
    public async Task<StateReport> ConvergeAsync()
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), _clock);
            try
            {
                PartitionHost[] hosts = [.. _owners.Select(owners => owners[^1].Host)];
                if (hosts.All(host => host.Ready.IsCompletedSuccessfully && host.Shard.Position == _log.End(host.Shard.Partition).Sequence))
                {
                    await Task.WhenAll(hosts.Select(host => host.CommitAsync()));
                    return await ReportAsync(hosts);
                }
            }
            catch (Exception e) when (e is PlatformUnavailableException or StaleEpochException)
            {
                // Not yet; or an owner that was slow has just taken its epoch.
            }
        }
    }

    /// <summary>Ends everything.</summary>
    public async Task StopAsync(Task supervisor)
    {
        await _stop.CancelAsync();
        await supervisor;
    }

    /// <inheritdoc/>
    public Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request) =>
        // A connection to a database does not send a statement twice by itself.
        _log.AppendAsync(batch, request, CancellationToken.None);

    /// <inheritdoc/>
    public async Task WaitAppliedAsync(Position position, CancellationToken cancellationToken)
    {
        foreach ((int partition, long sequence) in position.Parts)
        {
            await _owners[partition][^1].Host.Applied.WaitAsync(sequence, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task<StreamSnapshot?> FindAsync(string stream)
    {
        List<PartitionOwner> owners = _owners[EventHubsPartitioner.Partition(Encoding.UTF8.GetBytes(stream), _owners.Length)];
        // Some ask an owner that was replaced: it may answer until its lease is over, and not a moment longer (law 3).
        PartitionOwner old = owners[_random.Next(owners.Count)];
        long? replacedAt = owners.Where(owner => owner.Host.Epoch > old.Host.Epoch).Min(owner => owner.ServedAt);
        if (replacedAt is { } replaced && Answers(old, stream))
        {
            Unless(_clock.Ticks <= replaced + s_lease.Ticks,
                $"An owner of epoch {old.Host.Epoch} answers {(_clock.Ticks - replaced) / (double)TimeSpan.TicksPerSecond:F1} s after another served.");
        }
        PartitionOwner newest = owners[^1];
        return await _fabric.CallAsync(() => !newest.Worker.IsDead, () => !newest.Worker.IsUnheardByReaders,
            () => Task.FromResult(newest.Find(stream)));
    }

    private static bool Answers(PartitionOwner owner, string stream)
    {
        try
        {
            owner.Find(stream);
            return true;
        }
        catch (PlatformUnavailableException)
        {
            return false;
        }
    }

    /// <summary>A new owner somewhere; the one before is not told.</summary>
    private void Move(int partition)
    {
        Weather.Count(FaultKind.Move);
        Generation++;
        Worker[] alive = [.. _workers.Where(worker => !worker.IsDead)];
        var owner = new PartitionOwner(partition, alive[_random.Next(alive.Length)], _log, _threads, _options, _story);
        _owners[partition].Add(owner);
        _ = owner.WatchAsync(_clock);
    }

    private void Kill(Worker worker)
    {
        if (_workers.Count(w => !w.IsDead) == 1)
        {
            return;
        }
        Weather.Count(FaultKind.Kill);
        _story.Tell($"A worker is killed.");
        Generation++;
        worker.IsDead = true;
        foreach (PartitionOwner owner in _owners.SelectMany(owners => owners).Where(owner => owner.Worker == worker))
        {
            _ = owner.Host.AbandonAsync();
        }
    }

    private void Heal()
    {
        _story.Tell($"Everyone hears everyone again.");
        foreach (Worker worker in _workers)
        {
            (worker.IsUnheardByStore, worker.IsUnheardByReaders) = (false, false);
        }
    }

    private static async Task<StateReport> ReportAsync(PartitionHost[] hosts)
    {
        var digest = new PlatformDigest();
        var letters = new List<DeadLetter>();
        ShardTotals totals = default;
        foreach (PartitionHost host in hosts)
        {
            digest.Add(host.Serving(), first: 0, int.MaxValue, CancellationToken.None);
            letters.AddRange(await host.DeadLettersAsync(100_000, CancellationToken.None));
            ShardTotals own = host.Shard.Counts().Totals;
            totals = new ShardTotals(totals.Applied + own.Applied, totals.DeadLetters + own.DeadLetters, 0);
        }
        return new StateReport(totals.Applied, totals.DeadLetters, letters, digest.Compute());
    }
}
