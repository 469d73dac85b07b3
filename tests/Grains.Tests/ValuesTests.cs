using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Engine.Shards;
using Foretell.Grains.Contracts;
using Foretell.Grains.Tests.Support;
using Foretell.Models.Forecasting;
using Foretell.Support;

namespace Foretell.Grains.Tests;

/// <summary>Clusters whose model reads events' values and tells kinds of streams apart.</summary>
public sealed class ValuesTests
{
    private const string All = "gateway,ingest,worker";

    [Fact]
    public async Task Stream_WhenItsEventsHaveValues_ObservesAndForecastsThem()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(Small.Valued, 2, All, All);
        IStreamGrain stream = cluster.Grains.GetGrain<IStreamGrain>("customer/7");
        long ticks = EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow.AddMinutes(-10));
        await stream.Observe(new ObservedEvent(ticks, "login") { Values = [new("amount", 12.5), new("pulse", 70)] });
        await stream.Observe(new ObservedEvent(ticks + TimeSpan.TicksPerSecond, "view")
        {
            Values = [new("temp", 21), new("amount", 300)],
        });
        string token = await stream.Observe(new ObservedEvent(ticks + TimeSpan.TicksPerSecond, EventId: "late") { Label = "bot" });
        Assert.True(Position.TryParse(token, out Position position));
        await cluster.Platform().WaitAppliedAsync(position, default);

        Reference reference = await cluster.ReferenceAsync();
        StreamState state = (await stream.Status())!;
        Assert.Equal((2, reference.Digest("customer/7")), (state.Events, state.StateDigest));
        Assert.Equal(1, reference.Labels.Count);
        StreamForecast told = (await stream.Forecast(new ForecastRequest(ticks + TimeSpan.TicksPerMinute, 60, [0.1, 0.5, 0.9])))!;
        Forecast forecast = new Forecaster(Small.Valued).Forecast(state.ToSnapshot(Small.Valued).State, 59);
        Assert.Equal(["amount", "temp"], told.Values!.Select(v => v.Name));
        foreach ((StreamValue value, ValueForecast expected) in told.Values!.Zip(forecast.Values()))
        {
            Assert.Equal(expected.Probability, value.Probability);
            Assert.Equal([expected.Quantile(0.1), expected.Quantile(0.5), expected.Quantile(0.9)], value.Quantiles);
        }
        Assert.Equal(forecast.Labels(), told.Labels!.Zip(told.LabelProbabilities!, (label, p) => new LabelProbability(label, p)));
        Assert.Equal(1, told.LabelProbabilities!.Sum(), 1e-6);
    }

    [Fact]
    public async Task Stream_WhenTheModelForecastsNoValues_TellsNone()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(1, All);
        IStreamGrain stream = cluster.Grains.GetGrain<IStreamGrain>("a");
        var observed = new ObservedEvent(1, "login") { Values = [new("amount", 1)] };
        Assert.True(Position.TryParse(await stream.Observe(observed), out Position position));
        await cluster.Platform().WaitAppliedAsync(position, default);

        StreamForecast forecast = (await stream.Forecast(new ForecastRequest(TimeSpan.TicksPerMinute, 60, [0.5])))!;

        Assert.Equal((null, null, null), (forecast.Values, forecast.Labels, forecast.LabelProbabilities));
    }

    [Fact]
    public async Task Stream_WhenValuesOrALabelCannotBeTaken_SaysWhy()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(Small.Valued, 1, All);
        IStreamGrain stream = cluster.Grains.GetGrain<IStreamGrain>("a");

        async Task Refused(ObservedEvent observed, string sentence)
        {
            ArgumentException refusal = await Assert.ThrowsAsync<ArgumentException>(() => stream.Observe(observed));
            Assert.Contains(sentence, refusal.Message, StringComparison.Ordinal);
        }

        await Refused(new ObservedEvent(1, "login") { Label = "bot" }, "A label comes as an event of its own, without mark and values.");
        await Refused(new ObservedEvent(1) { Label = "bot", Values = [new("amount", 1)] },
            "A label comes as an event of its own");
        await Refused(new ObservedEvent(1) { Label = "" }, "Label must be 1 to 256 bytes");
        await Refused(new ObservedEvent(1) { Values = [new("amount", double.NaN)] }, "must be a finite number");
        await Refused(new ObservedEvent(1) { Values = [.. Enumerable.Range(0, 17).Select(i => new ObservedValue($"v{i}", i))] }, "at most 16 values");
        Assert.Equal(0, cluster.Log.End(0).Sequence);
    }

    /// <summary>Two silos, with what the embedded host's digests equal, too: the plain reference.</summary>
    [Fact]
    public async Task Cluster_WhenEventsHaveValuesAndLabels_EqualsThePlainReference()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(Small.Valued, 3, All, All);
        EventBatch records = Small.ValuedWorkload(2000, streams: 100, EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow), seed: 9);
        await cluster.Log.AppendAsync(records);
        await cluster.AppliedAsync();

        await ClusterPlatformTests.AssertEqualsReferenceAsync(cluster);
        Reference reference = await cluster.ReferenceAsync();
        Assert.Contains(reference.DeadLetters, l => l.Reason == "label");
        ShardStatus[] shards = await Task.WhenAll(Enumerable.Range(0, 3).Select(p => cluster.Grains.GetGrain<IShardGrain>(p).Status()));
        Assert.Equal(reference.Scored.Value, shards.Sum(s => s.ValueScore), 1e-6 * Math.Abs(reference.Scored.Value));
        Assert.Equal((reference.Labels.Count, reference.Labels.Hits), (shards.Sum(s => s.ScoredLabels), shards.Sum(s => s.LabelHits)));
        Assert.Equal(reference.Labels.Log, shards.Sum(s => s.LabelScore), 1e-9 * Math.Abs(reference.Labels.Log));
        // Whoever asks the platform is told by each silo what all of them say.
        await ShardGrainTests.UntilAsync(() => Task.FromResult(cluster.Platform(1).Status().Scores.Labels.Count == reference.Labels.Count));
        ScoreTotals told = cluster.Platform(1).Status().Scores;
        Assert.Equal(shards.Sum(s => s.ValueScore), told.Value, 1e-6);
        Assert.Equal(shards.Sum(s => s.BaselineValueScore), told.BaselineValue, 1e-6);
        Assert.NotEqual(told.Value, told.BaselineValue);
    }
}
