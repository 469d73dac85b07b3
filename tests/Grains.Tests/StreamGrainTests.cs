using Foretell.Engine.Events;
using Foretell.Engine.Rows;
using Foretell.Grains.Contracts;
using Foretell.Grains.Tests.Support;
using Foretell.Models.Forecasting;
using Foretell.Models.Network;
using Foretell.Support;
using Orleans.Runtime;

namespace Foretell.Grains.Tests;

public class StreamGrainTests
{
    private const string All = "gateway,ingest,worker";

    [Fact]
    public async Task Stream_WhenTalkedTo_ObservesAndForecasts()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(2, All, All);
        IStreamGrain stream = cluster.Grains.GetGrain<IStreamGrain>("customer/7");
        Assert.Null(await stream.Status());
        Assert.Null(await stream.Forecast(new ForecastRequest(null, 60, [0.5])));

        long ticks = EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow.AddMinutes(-10));
        await stream.Observe(new ObservedEvent(ticks, "login"));
        Assert.True(Position.TryParse(await stream.Observe(new ObservedEvent(ticks + TimeSpan.TicksPerSecond, "view")),
            out Position position));
        await cluster.Platform().WaitAppliedAsync(position, default);

        StreamState state = (await stream.Status())!;
        Assert.Equal(2, state.Events);
        Assert.Equal((await cluster.ReferenceAsync()).Digest("customer/7"), state.StateDigest);
        StreamForecast forecast = (await stream.Forecast(new ForecastRequest(ticks + TimeSpan.TicksPerMinute, 60, [0.1, 0.9])))!;
        StreamForecast first = (await stream.Forecast(new ForecastRequest(ticks + TimeSpan.TicksPerMinute, 60, [0.1, 0.9], Marks: 1)))!;
        // Clients of the release before do not say how many.
        StreamForecast all = (await stream.Forecast(new ForecastRequest(ticks + TimeSpan.TicksPerMinute, 60, [0.1, 0.9], Marks: null)))!;
        Assert.Equal(forecast.Marks[0], Assert.Single(first.Marks));
        Assert.Equal(2, first.OtherMarks);
        Assert.Equal(1 - forecast.MarkProbabilities[0], first.OtherMarksProbability, 1e-9);
        Assert.Equal((3, 0), (all.Marks.Length, all.OtherMarks));
        Assert.Equal(59, forecast.SilenceSeconds);
        Assert.True(forecast.QuantileSeconds[0] < forecast.QuantileSeconds[1]);
        Assert.InRange(forecast.ProbabilityWithinHorizon, 0, 1);
        Assert.Equal(Small.Model.Config.Marks.Order(), forecast.Marks.Order());
        Assert.Equal(1, forecast.MarkProbabilities.Sum(), 3);
        Assert.Null(forecast.Never);
    }

    [Fact]
    public async Task Stream_WhenTheModelTellsWhoIsGone_SaysSoAndHasNoQuantileBeyond()
    {
        ForecastModel model = ForecastModel.Untrained(Small.Model.Config with { Censored = true }, seed: 1);
        await using GrainCluster cluster = await GrainCluster.StartAsync(model, 1, All);
        IStreamGrain stream = cluster.Grains.GetGrain<IStreamGrain>("customer/7");
        long ticks = EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow.AddMinutes(-10));
        Assert.True(Position.TryParse(await stream.Observe(new ObservedEvent(ticks, "login")), out Position position));
        await cluster.Platform().WaitAppliedAsync(position, default);

        StreamForecast forecast = (await stream.Forecast(new ForecastRequest(ticks + TimeSpan.TicksPerMinute, 60, [0.001, 0.999])))!;

        Assert.Equal(new Forecaster(model).Forecast((await stream.Status())!.ToSnapshot(model).State, 60).Never, forecast.Never);
        Assert.True(double.IsFinite(forecast.QuantileSeconds[0]) && double.IsPositiveInfinity(forecast.QuantileSeconds[1]));
    }

    [Fact]
    public async Task Stream_WhenItsEventIsMalformed_RefusesIt()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(1, All);
        await Assert.ThrowsAsync<ArgumentException>(() =>
            cluster.Grains.GetGrain<IStreamGrain>("a").Observe(new ObservedEvent(0, new string('m', 300))));
    }

    [Fact]
    public async Task Streams_WhenFed_ComeToLifeOnlyWhenTalkedToAndBesideTheirShard()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(2, All, All);
        await cluster.FeedAsync(ClusterPlatformTests.Workload(1000, seed: 8));
        IManagementGrain management = cluster.Grains.GetGrain<IManagementGrain>(0);
        Assert.Empty(await ActiveAsync(management));

        string[] streams = [.. (await cluster.ReferenceAsync()).Streams.Take(20)];
        foreach (string stream in streams)
        {
            Assert.NotNull(await cluster.Grains.GetGrain<IStreamGrain>(stream).Status());
        }
        DetailedGrainStatistic[] active = await ActiveAsync(management);
        Assert.Equal(20, active.Length);
        foreach (DetailedGrainStatistic one in active)
        {
            int partition = EventSets.PartitionOf(one.GrainId.Key.ToString()!, 2);
            Assert.Equal((await cluster.Grains.GetGrain<IShardGrain>(partition).Status()).Silo, one.SiloAddress);
        }
    }

    private static async Task<DetailedGrainStatistic[]> ActiveAsync(IManagementGrain management) =>
        [.. (await management.GetDetailedGrainStatistics()).Where(s => s.GrainId.Type.ToString() == "stream")];
}
