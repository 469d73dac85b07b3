using System.Buffers.Binary;
using System.Text;
using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Feeds;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Grains.Cluster;
using Foretell.Grains.Contracts;
using Foretell.Grains.Feeds;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Foretell.Models.Forecasting;
using Foretell.Models.Monitoring;
using Foretell.Models.Network;

namespace Foretell.Grains;

/// <summary>The platform as a silo sees it: appends go straight to the log, queries to the shards, wherever they live.</summary>
public sealed class ClusterPlatform : IPlatform
{
    private readonly SiloEngine _engine;
    private readonly IGrainFactory _grains;
    private readonly ClusterStatus _status;
    private readonly ChangeFeed _changes;
    private readonly ClusterAlertFeed _alerts;
    private readonly TimeProvider _time;
    private readonly bool _isGateway;

    internal ClusterPlatform(SiloEngine engine, IGrainFactory grains, ClusterStatus status, ChangeFeed changes,
        ClusterAlertFeed alerts, IReadOnlyCollection<string> roles, TimeProvider time)
    {
        (_engine, _grains, _status, _changes, _alerts, _time) = (engine, grains, status, changes, alerts, time);
        _isGateway = roles.Contains(SiloRoles.Gateway);
    }

    /// <inheritdoc/>
    public ForecastModel Model => _engine.Model.Model;

    /// <inheritdoc/>
    public Forecaster Forecaster => _engine.Model.Forecaster;

    /// <inheritdoc/>
    public int PartitionCount => _engine.Log.PartitionCount;

    /// <inheritdoc/>
    public Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellationToken) =>
        _engine.Log.AppendTracedAsync(batch, request, cancellationToken);

    /// <inheritdoc/>
    public async Task WaitAppliedAsync(Position position, CancellationToken cancellationToken)
    {
        await _engine.Log.CheckAsync(position, cancellationToken);
        await Task.WhenAll(position.Parts.Select(part => WaitAppliedAsync(part.Partition, part.Sequence, cancellationToken)));
    }

    /// <inheritdoc/>
    public async ValueTask<StreamSnapshot?> FindAsync(string stream, CancellationToken cancellationToken)
    {
        byte[] key = Encoding.UTF8.GetBytes(stream);
        int partition = EventHubsPartitioner.Partition(key, PartitionCount);
        if (_engine.FindLocal(partition) is { } host)
        {
            return host.Answer(shard => shard.Find(key));
        }
        StreamState? found = await AskAsync(
            partition, shard => shard.Find(stream), ShardCall.Patience, cancellationToken);
        return found?.ToSnapshot(_engine.Model.Model);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<OverdueStream>> OverdueAsync(OverdueQuestion question, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(question.Limit);
        // The call that silos of the release before know, too, wherever it can tell all that is asked.
        bool isPlain = question.Prefix.Length == 0 && question.NewerThanTicks == long.MinValue
            && (question.WithGone || !Model.Config.Censored);
        OverdueRow[][] found = await AskAllAsync(shard => isPlain
            ? shard.Overdue(question.AtTicks, question.Limit) : shard.Overdue(OverdueRequest.Of(question)),
            ShardCall.WhileAlive, cancellationToken);
        return [.. found.SelectMany(rows => rows).Select(row => row.ToOverdueStream())
            .OrderBy(s => s.LogSurvival).ThenBy(s => s.Stream, StringComparer.Ordinal).Take(question.Limit)];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        DeadLetterRow[][] found = await AskAllAsync(
            shard => shard.DeadLetters(limit), ShardCall.WhileAlive, cancellationToken);
        return DeadLetter.Newest(found.SelectMany(rows => rows).Select(row => row.ToDeadLetter()), limit);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<FeedItem<ForecastChange>> SubscribeAsync(string stream, CancellationToken cancellationToken) =>
        _changes.ReadAsync(stream, cancellationToken);

    /// <inheritdoc/>
    public Task<IAsyncEnumerable<FeedItem<Alert>>> AlertsAsync(string? after, CancellationToken cancellationToken) =>
        _alerts.OpenAsync(after, cancellationToken);

    /// <inheritdoc/>
    public Task<AlertPlace> AlertsEndAsync(CancellationToken cancellationToken) => _alerts.EndAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<Calibration> CalibrationAsync(CancellationToken cancellationToken)
    {
        var all = new Calibration();
        byte[][] found = await AskAllAsync(shard => shard.Calibration(), ShardCall.Patience, cancellationToken);
        foreach (byte[] counts in found)
        {
            all.Add(Calibration.FromBytes(counts));
        }
        return all;
    }

    /// <summary>Digest over all streams (<see cref="PlatformDigest"/>).</summary>
    /// <exception cref="PlatformUnavailableException">A partition is not served now.</exception>
    public async Task<string> StateDigestAsync(CancellationToken cancellationToken)
    {
        var digest = new PlatformDigest();
        for (int partition = 0; partition < PartitionCount; partition++)
        {
            DigestPage page;
            for (int first = 0; (page = await PageAsync(partition, first)).Rows > 0; first += page.Rows)
            {
                for ((int row, int offset) = (0, 0); row < page.Rows; row++)
                {
                    int length = BinaryPrimitives.ReadUInt16LittleEndian(page.Keys.AsSpan(offset));
                    digest.Add(page.Keys.AsSpan(offset + sizeof(ushort), length).ToArray(), page.Digests.AsSpan(row * 32, 32).ToArray());
                    offset += sizeof(ushort) + length;
                }
            }
        }
        return digest.Compute();

        Task<DigestPage> PageAsync(int partition, int first) =>
            AskAsync(partition, shard => shard.Digests(first), ShardCall.WhileAlive, cancellationToken);
    }

    /// <inheritdoc/>
    public PlatformStatus Status() => _status.Current();

    /// <inheritdoc/>
    /// <remarks>
    /// A gateway can do its part as long as the log takes appends: where a partition is being moved or has no owner, its streams'
    /// questions are answered 503, the others' are not, and no other gateway would do better. Of a silo that is none of these, its own
    /// partitions say whether the next one may be taken out.
    /// </remarks>
    public HostHealth Health() => new(Started: true,
        [.. (_isGateway ? [] : _engine.LocalPartitions.Select(Problem)).Append(_engine.Log.Problem).OfType<string>()]);

    private static string? Problem(PartitionHost partition) => partition.Problem
        ?? (partition.Ready.IsCompletedSuccessfully ? null : $"Partition {partition.Shard.Partition} is loading its streams.");

    private async Task WaitAppliedAsync(int partition, long sequence, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                ShardStatus reached = await AskAsync(
                    partition, shard => shard.WaitApplied(sequence), ShardCall.Patience, cancellationToken);
                _status.Learn(reached);
                if (reached.Position >= sequence)
                {
                    return;
                }
            }
            catch (PlatformUnavailableException)
            {
                // The shard is moving, or its silo stands still. Whoever waits has time; the caller's token ends it.
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, cancellationToken);
            }
        }
    }

    private Task<T[]> AskAllAsync<T>(
        Func<IShardGrain, Task<T>> question, TimeSpan patience, CancellationToken cancellationToken) => Task.WhenAll(
        Enumerable.Range(0, PartitionCount).Select(p => AskAsync(p, question, patience, cancellationToken)));

    private Task<T> AskAsync<T>(
        int partition, Func<IShardGrain, Task<T>> question, TimeSpan patience, CancellationToken cancellationToken) =>
        ShardCall.AnswerAsync(partition, () => question(_grains.GetGrain<IShardGrain>(partition)),
            _status.Silence(partition), patience, _time, cancellationToken);
}
