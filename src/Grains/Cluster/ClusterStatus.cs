using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Grains.Contracts;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Foretell.Models.Stepping;
using Microsoft.Extensions.Hosting;

namespace Foretell.Grains.Cluster;

/// <summary>What this silo knows of every shard: asked for twice a second, so that a status costs its readers nothing.</summary>
public sealed class ClusterStatus(SiloEngine engine, IGrainFactory grains, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(500);

    // A partition that moves is out for less; one that is out for longer is a problem to be told.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly ShardStatus?[] _shards = new ShardStatus?[engine.Log.PartitionCount];
    private readonly long[] _servedAt = new long[engine.Log.PartitionCount];
    private readonly Stall?[] _stalls = new Stall?[engine.Log.PartitionCount];
    private readonly Lock _learning = new();
    private readonly ShardPulse[] _pulses =
        [.. Enumerable.Range(0, engine.Log.PartitionCount).Select(_ => new ShardPulse(time))];
    private readonly Dictionary<string, SourceView> _sources = engine.Sources.Keys.ToDictionary(name => name, _ => new SourceView());
    private readonly SinkView[] _sinks =
        [.. engine.Sinks.SelectMany(sink => sink.Value.Feeds.Keys.Select(feed => new SinkView(sink.Key, feed)))];
    private readonly bool[] _askingShards = new bool[engine.Log.PartitionCount], _askingReaders = new bool[engine.Log.PartitionCount];

    /// <summary>Sums over the partitions.</summary>
    public PlatformStatus Current()
    {
        PartitionReport?[] reports = Array.ConvertAll(_shards, shard => shard?.ToReport());
        return PlatformStatus.Sum(reports, engine.Log, EventTime.FromDateTimeOffset(time.GetUtcNow())) with
        {
            Ready = Array.TrueForAll(_shards, shard => shard is { Ready: true }),
            UnservedPartitions = _shards.Count(shard => shard is not { Ready: true }),
            Devices = [.. _shards.OfType<ShardStatus>().GroupBy(s => s.Silo).OrderBy(s => s.Key).Select(silo =>
                new DeviceStatus(silo.Last().Device ?? CpuDevice.Name, silo.Key.Endpoint.ToString(), silo.Count(),
                    silo.Last().DeviceProblem))],
            Sources = [.. _sources.SelectMany(s => s.Value.Known?.Partitions.Select(p => p.ToProgress(s.Key)) ?? [])],
            Sinks = [.. _sinks.Select(s => Volatile.Read(ref s.Known)?.ToProgress(s.Sink, s.Feed)).OfType<SinkProgress>()],
            Problems = Problems(),
        };
    }

    /// <summary>Records appended but not applied yet, as in <see cref="Current"/>, which makes much more of it.</summary>
    internal long LagEvents => Enumerable.Range(0, _shards.Length)
        .Sum(p => Math.Max(0, engine.Log.End(p).Sequence - (Volatile.Read(ref _shards[p])?.Position ?? 0)));

    /// <summary>The shards as they were last heard of, by partition; null before the first answer.</summary>
    public IReadOnlyList<ShardStatus?> Shards => _shards;

    /// <summary>As <see cref="ShardPulse.Silence"/>, of a partition's shard.</summary>
    internal Task Silence(int partition) => _pulses[partition].Silence;

    /// <summary>Takes news of a shard that came with another answer.</summary>
    internal void Learn(ShardStatus shard)
    {
        lock (_learning)
        {
            // Within an epoch positions only grow; an answer that was on its way for longer is older news.
            if (_shards[shard.Partition] is { } known && (shard.Epoch, shard.Position).CompareTo((known.Epoch, known.Position)) < 0
                && shard.Epoch != 0)
            {
                return;
            }
            if (shard.Ready)
            {
                Volatile.Write(ref _servedAt[shard.Partition], time.GetTimestamp());
            }
            Volatile.Write(ref _shards[shard.Partition], shard);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Array.Fill(_servedAt, time.GetTimestamp());
        foreach (SourceView source in _sources.Values)
        {
            Volatile.Write(ref source.HeardAt, time.GetTimestamp());
        }
        foreach (SinkView sink in _sinks)
        {
            Volatile.Write(ref sink.HeardAt, time.GetTimestamp());
        }
        while (!stoppingToken.IsCancellationRequested)
        {
            for (int partition = 0; partition < _shards.Length; partition++)
            {
                _ = AskAsync(_askingShards, partition, AskShardAsync);
                _ = AskAsync(_askingReaders, partition, AskReaderAsync);
            }
            foreach ((string name, SourceView source) in _sources)
            {
                _ = AskSourceAsync(name, source);
            }
            foreach (SinkView sink in _sinks)
            {
                _ = AskSinkAsync(sink);
            }
            await Task.Delay(s_period, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>That it is asked keeps the source's grain alive.</summary>
    private async Task AskSourceAsync(string name, SourceView source)
    {
        if (Interlocked.Exchange(ref source.IsAsking, true))
        {
            return;
        }
        Untraced.Enter();
        try
        {
            Volatile.Write(ref source.Known, await grains.GetGrain<ISourceGrain>(name).Status());
            Volatile.Write(ref source.HeardAt, time.GetTimestamp());
        }
        catch (Exception)
        {
            // Lost with its silo, most likely; the next question makes it live elsewhere.
        }
        finally
        {
            Volatile.Write(ref source.IsAsking, false);
        }
    }

    /// <summary>That it is asked keeps the publisher's grain alive.</summary>
    private async Task AskSinkAsync(SinkView sink)
    {
        if (Interlocked.Exchange(ref sink.IsAsking, true))
        {
            return;
        }
        Untraced.Enter();
        try
        {
            string key = SinkSetup.KeyOf(sink.Sink, sink.Feed);
            Volatile.Write(ref sink.Known, await grains.GetGrain<ISinkGrain>(key).KeepPublishing());
            Volatile.Write(ref sink.HeardAt, time.GetTimestamp());
        }
        catch (Exception)
        {
            // Lost with its silo, most likely; the next question makes it live elsewhere.
        }
        finally
        {
            Volatile.Write(ref sink.IsAsking, false);
        }
    }

    /// <summary>One question at a time about each partition; those that nobody answers must not pile up.</summary>
    private static async Task AskAsync(bool[] asking, int partition, Func<int, Task> ask)
    {
        if (Interlocked.Exchange(ref asking[partition], true))
        {
            return;
        }
        Untraced.Enter();
        try
        {
            await ask(partition);
        }
        finally
        {
            Volatile.Write(ref asking[partition], false);
        }
    }

    /// <summary>A question not answered in time leaves room for another, which may find the next owner.</summary>
    private Task AskShardAsync(int partition) => _pulses[partition].AskAsync(async () =>
    {
        long asked = time.GetTimestamp();
        try
        {
            Learn(await grains.GetGrain<IShardGrain>(partition).Status());
        }
        catch (Exception)
        {
            lock (_learning)
            {
                // A later question may have been answered already.
                if (_shards[partition] is { } known && _servedAt[partition] <= asked)
                {
                    Volatile.Write(ref _shards[partition], known with { Ready = false });
                }
            }
            throw;
        }
    });

    private async Task AskReaderAsync(int partition)
    {
        // Only a shard that is behind may have a reader that cannot go on.
        if (Volatile.Read(ref _shards[partition]) is not { } shard || shard.Position >= engine.Log.End(partition).Sequence)
        {
            Volatile.Write(ref _stalls[partition], null);
            return;
        }
        try
        {
            ReaderStatus reader = await grains.GetGrain<IPartitionReaderGrain>(partition).KeepReading();
            Stall? known = Volatile.Read(ref _stalls[partition]);
            Volatile.Write(ref _stalls[partition], reader.Problem is not { } problem ? null
                : known is not null && known.Position == shard.Position ? known with { Problem = problem }
                : new Stall(problem, shard.Position, time.GetTimestamp()));
        }
        catch (Exception)
        {
            // Lost with its silo, most likely. The coordinator finds it another, and the shard serves what it has until then.
        }
    }

    private string[] Problems()
    {
        var problems = new List<string>();
        for (int partition = 0; partition < _shards.Length; partition++)
        {
            ShardStatus? shard = Volatile.Read(ref _shards[partition]);
            if (shard?.Problem is { } problem)
            {
                problems.Add(problem);
            }
            else if (shard is not { Ready: true } && time.GetElapsedTime(Volatile.Read(ref _servedAt[partition])) is var silence
                && silence > s_patience)
            {
                problems.Add($"Partition {partition} has not been served for {(int)silence.TotalSeconds} s.");
            }
            else if (Volatile.Read(ref _stalls[partition]) is { } stall && time.GetElapsedTime(stall.Since) is var stood
                && stood > s_patience)
            {
                problems.Add($"Partition {partition} has not been read on for {(int)stood.TotalSeconds} s: {stall.Problem}");
            }
        }
        foreach ((string name, SourceView source) in _sources)
        {
            SourceStatus? known = Volatile.Read(ref source.Known);
            if (time.GetElapsedTime(Volatile.Read(ref source.HeardAt)) is var silence && silence > s_patience)
            {
                problems.Add($"Source {name} has not been heard of for {(int)silence.TotalSeconds} s: is there a silo with role {SiloRoles.Ingest}?");
            }
            problems.AddRange((known?.Partitions ?? []).Select(p => p.Problem).Append(known?.Problem).OfType<string>());
        }
        foreach (SinkView sink in _sinks)
        {
            if (time.GetElapsedTime(Volatile.Read(ref sink.HeardAt)) is var silence && silence > s_patience)
            {
                problems.Add($"Sink {sink.Sink} has not been heard of for {(int)silence.TotalSeconds} s ({sink.Feed}): is there a silo with role {SiloRoles.Ingest}?");
            }
            if (Volatile.Read(ref sink.Known)?.Problem is { } problem)
            {
                problems.Add(problem);
            }
        }
        if (engine.Log.Problem is { } log)
        {
            problems.Add(log);
        }
        return [.. problems];
    }

    /// <summary>What is known of a source.</summary>
    private sealed class SourceView
    {
        public SourceStatus? Known;
        public long HeardAt;
        public bool IsAsking;
    }

    /// <summary>What is known of one feed of a sink.</summary>
    private sealed class SinkView(string sink, string feed)
    {
        public readonly string Sink = sink, Feed = feed;
        public SinkStatus? Known;
        public long HeardAt;
        public bool IsAsking;
    }

    /// <summary>A reader that cannot go on.</summary>
    /// <param name="Problem">Why.</param>
    /// <param name="Position">Where the shard stands.</param>
    /// <param name="Since">When that was first heard.</param>
    private sealed record Stall(string Problem, long Position, long Since);
}
