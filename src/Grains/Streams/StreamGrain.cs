using System.Text;
using Foretell.Models;
using Foretell.Streams;
using Orleans.Concurrency;

namespace Foretell.Grains;

/// <summary>Face of one stream: appends to the log, and reads its row where the shard keeps it. Holds no state of its own.</summary>
[Reentrant, SiloRole(SiloRoles.Worker), StreamPlacement, CollectionAgeLimit(Minutes = 2)]
internal sealed class StreamGrain(SiloEngine engine, TimeProvider time) : Grain, IStreamGrain
{
    private string Key => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public async Task<string> Observe(ObservedEvent observed)
    {
        var batch = new EventBatch();
        string? refusal = batch.TryAdd(Encoding.UTF8.GetBytes(Key), observed.TimeTicks, Utf8(observed.Mark), Utf8(observed.EventId));
        if (refusal is not null)
        {
            throw new ArgumentException(refusal, nameof(observed));
        }
        try
        {
            return (await engine.Log.AppendAsync(batch, null, CancellationToken.None)).Position.ToString();
        }
        catch (PlatformUnavailableException e)
        {
            throw new ShardUnavailableException(e.Message);
        }
    }

    /// <inheritdoc/>
    public Task<StreamState?> Status()
    {
        byte[] key = Encoding.UTF8.GetBytes(Key);
        int partition = EventHubsPartitioner.Partition(key, engine.Log.PartitionCount);
        if (engine.FindLocal(partition) is not { } owner)
        {
            return GrainFactory.GetGrain<IShardGrain>(partition).Find(Key);
        }
        try
        {
            return Task.FromResult(owner.Answer(shard => shard.Find(key)) is { } found ? StreamState.Of(found) : null);
        }
        catch (PlatformUnavailableException e)
        {
            throw new ShardUnavailableException(e.Message);
        }
    }

    /// <inheritdoc/>
    public async Task<StreamForecast?> Forecast(ForecastRequest request)
    {
        if (await Status() is not { } state)
        {
            return null;
        }
        long at = Math.Max(state.LastEventTicks, request.AtTicks ?? EventTime.FromDateTimeOffset(time.GetUtcNow()));
        double silence = EventTime.SecondsBetween(state.LastEventTicks, at);
        Forecast forecast = engine.Model.Forecast(state.ToSnapshot().State, silence);
        IReadOnlyList<MarkProbability> marks = forecast.Marks();
        return new StreamForecast(at, silence, forecast.LogSurvival, forecast.Mean, [.. request.Quantiles.Select(forecast.Quantile)],
            forecast.ProbabilityWithin(request.HorizonSeconds), [.. marks.Select(m => m.Mark)], [.. marks.Select(m => m.Probability)], forecast.Never);
    }

    /// <inheritdoc/>
    public Task<Subscribed> Subscribe(string gateway) =>
        GrainFactory.GetGrain<IShardGrain>(EventHubsPartitioner.Partition(Encoding.UTF8.GetBytes(Key), engine.Log.PartitionCount)).Subscribe(Key, gateway);

    private static byte[] Utf8(string? text) => text is null ? [] : Encoding.UTF8.GetBytes(text);
}
