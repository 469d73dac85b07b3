using System.Text;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Grains.Contracts;
using Foretell.Grains.Placement;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Orleans.Concurrency;

namespace Foretell.Grains.Streams;

/// <summary>Face of one stream: appends to the log, and reads its row where the shard keeps it. Holds no state of its own.</summary>
[Reentrant, SiloRole(SiloRoles.Worker), StreamPlacement, CollectionAgeLimit(Minutes = 2)]
internal sealed class StreamGrain(SiloEngine engine, TimeProvider time) : Grain, IStreamGrain
{
    private string Key => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public async Task<string> Observe(ObservedEvent observed)
    {
        var batch = new EventBatch();
        string? refusal = TryAdd(batch, Encoding.UTF8.GetBytes(Key), observed);
        if (refusal is not null)
        {
            throw new ArgumentException(refusal, nameof(observed));
        }
        try
        {
            return (await engine.Log.AppendTracedAsync(batch, null, CancellationToken.None)).Position.ToString();
        }
        catch (PlatformUnavailableException e)
        {
            throw new ShardUnavailableException(e.Message);
        }
    }

    /// <inheritdoc/>
    public async Task<StreamState?> Status() => await FindAsync() is { } found ? StreamState.Of(found, engine.Model.Model) : null;

    /// <inheritdoc/>
    public async Task<StreamForecast?> Forecast(ForecastRequest request)
    {
        if (await FindAsync() is not { } found)
        {
            return null;
        }
        var question = new ForecastQuestion(request.AtTicks, request.HorizonSeconds, request.Quantiles, ExpectedCount: false)
        {
            Marks = request.Marks ?? int.MaxValue,
        };
        long now = EventTime.FromDateTimeOffset(time.GetUtcNow());
        try
        {
            return StreamForecast.Of(ForecastReport.Of(engine.Model.Forecaster, Key, found.LastEventTicks, found.Served, question, now),
                request.Quantiles);
        }
        catch (BeforeLastEventException e)
        {
            // Exceptions of our own do not cross silos.
            throw new ArgumentException(e.Message);
        }
    }

    /// <summary>Adds an event or a label.</summary>
    /// <returns>Null when added, else the reason why not.</returns>
    private static string? TryAdd(EventBatch batch, byte[] key, ObservedEvent observed)
    {
        if (observed.Label is { } label)
        {
            return observed.Mark is null && observed.Values is null
                ? batch.TryAddLabel(key, observed.TimeTicks, Utf8(label), Utf8(observed.EventId))
                : "A label comes as an event of its own, without mark and values.";
        }
        var values = new EventValues();
        foreach (ObservedValue value in observed.Values ?? [])
        {
            if (values.TryAdd(Utf8(value.Name), value.Number) is { } reason)
            {
                return reason;
            }
        }
        return batch.TryAdd(key, observed.TimeTicks, Utf8(observed.Mark), Utf8(observed.EventId), values.Encoded);
    }

    /// <summary>The stream's row, where it lives; from its shard's silo while the shard is on its way elsewhere.</summary>
    private async Task<StreamSnapshot?> FindAsync()
    {
        byte[] key = Encoding.UTF8.GetBytes(Key);
        int partition = EventHubsPartitioner.Partition(key, engine.Log.PartitionCount);
        if (engine.FindLocal(partition) is not { } host)
        {
            return (await GrainFactory.GetGrain<IShardGrain>(partition).Find(Key))?.ToSnapshot(engine.Model.Model);
        }
        try
        {
            return host.Answer(shard => shard.Find(key));
        }
        catch (PlatformUnavailableException e)
        {
            throw new ShardUnavailableException(e.Message);
        }
    }

    /// <inheritdoc/>
    public Task<Subscribed> Subscribe(string gateway) =>
        GrainFactory.GetGrain<IShardGrain>(EventHubsPartitioner.Partition(Encoding.UTF8.GetBytes(Key), engine.Log.PartitionCount))
            .Subscribe(Key, gateway);

    private static byte[] Utf8(string? text) => text is null ? [] : Encoding.UTF8.GetBytes(text);
}
