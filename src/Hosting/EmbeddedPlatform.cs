using System.Text;
using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Models.Forecasting;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Hosting;

/// <summary>The whole platform in one process: a host for each partition, and worker threads that all of them share.</summary>
public sealed class EmbeddedPlatform : IPlatform, IAsyncDisposable
{
    private readonly EmbeddedOptions _options;
    private readonly PlatformStorage _storage;
    private readonly IStepDevice _device;
    private readonly PartitionHost[] _partitions;
    private readonly WorkerThreads _workers;
    private readonly AlertFeed _alerts;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _alertLoop;
    private readonly IDisposable _observation;
    private readonly StorageWatch? _usage;
    private int _disposed;

    private EmbeddedPlatform(EmbeddedOptions options, PlatformStorage storage)
    {
        (_options, _storage, _alerts) = (options, storage, new AlertFeed(storage.Alerts));
        var model = new ServingModel(options.Model, options.Device, options.Shared);
        (Forecaster, _device) = (model.Forecaster, model.Device);
        _workers = new WorkerThreads(options.Threads);
        _partitions = [.. Enumerable.Range(0, storage.Log.PartitionCount).Select(partition => new PartitionHost(
            new Shard(partition, model, options.Alerts, options.Time), storage.Log, storage.Store, options.ToHostOptions(),
            options.Logger))];
        foreach (PartitionHost partition in _partitions)
        {
            partition.Start(_workers.Run);
            partition.Follow(_workers.Run, options.BatchSize);
        }
        _alertLoop = options.Alerts.IsOn ? _workers.Run(() => AlertLoopAsync(_stop.Token)) : Task.CompletedTask;
        Ready = LoadedAsync();
        _observation = PlatformGauges.Observe(this, _device.Report);
        _usage = storage.Measure is { } measure ? new StorageWatch(measure, options.Time) : null;
    }

    /// <inheritdoc/>
    public ForecastModel Model => _options.Model;

    /// <inheritdoc/>
    public Forecaster Forecaster { get; }

    /// <inheritdoc/>
    public int PartitionCount => _storage.Log.PartitionCount;

    /// <summary>Records appended but not applied yet, as in <see cref="Status"/>; takes no lock, for those who ask before each
    /// append.</summary>
    public long LagEvents => _partitions.Sum(p => Math.Max(0, _storage.Log.End(p.Shard.Partition).Sequence - p.Shard.Position));

    /// <summary>Where sources are read into.</summary>
    public ISourceLog SourceLog => _storage.Log;

    /// <summary>Tells how the sources do that are read into <see cref="SourceLog"/>; the status then says so, too.</summary>
    public Func<SourcesReport> Sources { get; set; } = () => SourcesReport.None;

    /// <summary>Tells how the sinks do that publish what the platform says; the status then says so, too.</summary>
    public Func<IReadOnlyList<SinkProgress>> Sinks { get; set; } = () => [];

    /// <summary>Completes once every shard has loaded its rows, but those whose store is damaged: these are left out of service, and
    /// told in <see cref="Status"/>. Fails where all are, and with the first shard's reason when one cannot load for another.</summary>
    public Task Ready { get; }

    /// <summary>Opens its storage. Returns while the shards still load; see <see cref="Ready"/>.</summary>
    /// <exception cref="StorageException">The storage is in use, belongs to another model or partition count, or cannot be
    /// read.</exception>
    public static async Task<EmbeddedPlatform> OpenAsync(EmbeddedOptions options, CancellationToken cancellationToken = default)
    {
        options.Check();
        PlatformStorage storage = await options.OpenStorage(options.Time, cancellationToken);
        try
        {
            string? other =
                await LogBinding.BindAsync(storage.Log, options.Model, options.LateTolerance, options.FutureTolerance,
                    options.MaxStreams, options.MaxNewStreamsPerMinute, cancellationToken);
            if (other is not null)
            {
                throw new StorageException($"The {storage.Name} was made with model {other} and cannot be opened with "
                    + $"model {options.Model.Id}. {AdviceOnModel(options.Model, other)}");
            }
            return new EmbeddedPlatform(options, storage);
        }
        catch (Exception e)
        {
            await storage.DisposeAsync();
            if (e is PlatformUnavailableException or InvalidDataException)
            {
                throw new StorageException($"The {storage.Name} cannot be used: {e.Message}", e);
            }
            throw;
        }
    }

    private static string AdviceOnModel(ForecastModel model, string other) =>
        model.WithAdaptation(!model.Config.Adapt).Id != other ? "Give it that model, or choose another directory."
        : "It is the same one, but for what streams show of their own, of which rows depend: "
            + (model.Config.Adapt ? "leave out --adapt, or give --no-adapt" : "leave out --no-adapt, or give --adapt")
            + ", or choose another directory, into which the events are replayed.";

    /// <inheritdoc/>
    public Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken) =>
        _storage.Log.AppendTracedAsync(batch, request, cancellationToken);

    /// <inheritdoc/>
    public async Task WaitAppliedAsync(Position position, CancellationToken cancellationToken)
    {
        await _storage.Log.CheckAsync(position, cancellationToken);
        await Task.WhenAll(position.Parts.Select(part => _partitions[part.Partition].Applied.WaitAsync(part.Sequence, cancellationToken)));
    }

    /// <summary>Waits until everything that is in the log now is applied, then commits it.</summary>
    /// <exception cref="PlatformUnavailableException">A shard stopped, or its store cannot be written now.</exception>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        Position end = new([.. _partitions.Select(p => (p.Shard.Partition, _storage.Log.End(p.Shard.Partition).Sequence))]);
        await WaitAppliedAsync(end, cancellationToken);
        await CommitAsync();
    }

    /// <summary>Commits every shard now.</summary>
    /// <exception cref="PlatformUnavailableException">A shard stopped, or its store cannot be written now.</exception>
    public Task CommitAsync() => Task.WhenAll(_partitions.Select(partition => partition.CommitAsync()));

    /// <inheritdoc/>
    public ValueTask<StreamSnapshot?> FindAsync(string stream, CancellationToken cancellationToken)
    {
        byte[] key = Encoding.UTF8.GetBytes(stream);
        PartitionHost partition = _partitions[EventHubsPartitioner.Partition(key, PartitionCount)];
        return ValueTask.FromResult(partition.Serving().Find(key));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<OverdueStream>> OverdueAsync(OverdueQuestion question, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(question.Limit);
        return Background.Run(() =>
        {
            var scan = new OverdueScan(Forecaster, question);
            foreach (PartitionHost partition in _partitions)
            {
                scan.Scan(partition.Serving(), cancellationToken);
            }
            return scan.Result();
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var letters = new List<DeadLetter>();
        foreach (PartitionHost partition in _partitions)
        {
            letters.AddRange(await partition.DeadLettersAsync(limit, cancellationToken));
        }
        return DeadLetter.Newest(letters, limit);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<FeedItem<ForecastChange>> SubscribeAsync(string stream, CancellationToken cancellationToken)
    {
        int partition = EventHubsPartitioner.Partition(Encoding.UTF8.GetBytes(stream), PartitionCount);
        return _partitions[partition].SubscribeAsync(stream, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IAsyncEnumerable<FeedItem<Alert>>> AlertsAsync(string? after, CancellationToken cancellationToken) =>
        _alerts.OpenAsync(after, cancellationToken);

    /// <inheritdoc/>
    public Task<AlertPlace> AlertsEndAsync(CancellationToken cancellationToken) => _alerts.EndAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<Calibration> CalibrationAsync(CancellationToken cancellationToken)
    {
        var all = new Calibration();
        foreach (PartitionHost partition in _partitions)
        {
            all.Add(partition.Serving().Calibration());
        }
        return Task.FromResult(all);
    }

    /// <summary>SHA-256 over the digests (32 bytes each) of all streams, in the order of their keys' bytes; lower-case hex.</summary>
    public Task<string> StateDigestAsync(CancellationToken cancellationToken) => Background.Run(() =>
    {
        var digest = new PlatformDigest();
        foreach (PartitionHost partition in _partitions)
        {
            digest.Add(partition.Serving(), first: 0, int.MaxValue, cancellationToken);
        }
        return digest.Compute();
    }, cancellationToken);

    /// <inheritdoc/>
    public PlatformStatus Status()
    {
        long now = EventTime.FromDateTimeOffset(_options.Time.GetUtcNow());
        PartitionReport[] reports = Array.ConvertAll(_partitions, partition => partition.Report());
        DeviceReport device = _device.Report();
        SourcesReport sources = Sources();
        IReadOnlyList<SinkProgress> sinks = Sinks();
        return PlatformStatus.Sum(reports, _storage.Log, now) with
        {
            Ready = Ready.IsCompletedSuccessfully,
            UnservedPartitions = _partitions.Count(p => !p.Ready.IsCompletedSuccessfully || p.Shard.Fenced is not null),
            Devices = [new DeviceStatus(device.Name, null, _partitions.Length, device.Problem)],
            Sources = sources.Partitions,
            Sinks = sinks,
            Problems = [.. reports.Select(report => report.Problem).Append(_storage.Log.Problem).Append(_storage.Alerts.Problem)
                .Concat(sources.Problems)
                .Concat(sinks.Select(s => s.Problem))
                .Append(_partitions.Select(p => p.Shard.QuotaWarning).FirstOrDefault(w => w is not null)).OfType<string>()],
        };
    }

    /// <inheritdoc/>
    /// <remarks>A broker that cannot be read or published to is in the status; requests can be taken all the same.</remarks>
    public HostHealth Health() => new(Ready.IsCompletedSuccessfully,
        [.. _partitions.Select(partition => partition.Problem).Append(_storage.Log.Problem).Append(_storage.Alerts.Problem)
            .OfType<string>()]);

    /// <summary>Stops, commits what was applied, and lets go of the storage.</summary>
    public ValueTask DisposeAsync() => StopAsync(commit: true);

    /// <summary>Waits until the store reflects a position.</summary>
    internal Task WaitCommittedAsync(Position position, CancellationToken cancellationToken) =>
        Task.WhenAll(position.Parts.Select(part => _partitions[part.Partition].Committed.WaitAsync(part.Sequence, cancellationToken)));

    /// <summary>Stops as a crash would: without the last commit.</summary>
    internal ValueTask AbandonAsync() => StopAsync(commit: false);

    /// <summary>One timer for all shards: a tick of a wheel that holds nothing due costs next to nothing.</summary>
    private async Task AlertLoopAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(_options.Alerts.Tick, _options.Time, stop);
                foreach (PartitionHost partition in _partitions)
                {
                    await partition.RaiseAlertsAsync(
                        alerts => _alerts.PublishAsync(partition.Shard.Partition, partition.Epoch, alerts));
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The platform stops.
        }
    }

    private async Task LoadedAsync()
    {
        int damaged = 0;
        foreach (PartitionHost partition in _partitions)
        {
            try
            {
                await partition.Ready;
            }
            catch (PlatformUnavailableException e) when (e.InnerException is StoreDamagedException && ++damaged < _partitions.Length)
            {
                // The others go on.
            }
        }
    }

    private async ValueTask StopAsync(bool commit)
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        _observation.Dispose();
        await (_usage?.DisposeAsync() ?? default);
        await _stop.CancelAsync();
        await _alertLoop;
        await Task.WhenAll(_partitions.Select(partition =>
            commit ? partition.StopAsync("The platform is shutting down.", CancellationToken.None) : partition.AbandonAsync()));
        _alerts.End(new PlatformUnavailableException("The platform is shutting down."));
        _workers.Dispose();
        await _storage.DisposeAsync();
        _stop.Dispose();
    }
}
