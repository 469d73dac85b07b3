using System.Net;
using System.Text.Json.Nodes;
using Foretell.Engine.Shards;
using Foretell.Hosting;
using Foretell.Web.Http;

namespace Foretell.Web.Tests;

public class StatusTests
{
    [Fact]
    public async Task GetStatus_WhenEventsWereApplied_CountsAndScoresThem()
    {
        await using var api = await ApiHost.StartAsync();
        string position = await api.SendEventsAsync("""
            [{"stream":"a","time":1,"mark":"visit"},{"stream":"a","time":2,"mark":"visit"},{"stream":"a","time":4,"mark":"never seen"},
             {"stream":"b","time":1,"mark":"purchase"},{"stream":"b","time":-1000,"mark":"visit"}]
            """);

        JsonNode json = (await api.GetAsync($"/v1/status?after={position}")).Json;

        Assert.Equal(2, (int?)json["streams"]);
        Assert.Equal(5, (int?)json["eventsAccepted"]);
        Assert.Equal(4, (int?)json["eventsApplied"]);
        Assert.Equal(1, (int?)json["deadLetters"]);
        Assert.Equal(1, (int?)json["unknownMarks"]);
        Assert.Equal(0, (int?)json["lagEvents"]);
        Assert.Equal(2, (int?)json["partitions"]);
        Assert.Equal(api.Platform.Model.Id, (string?)json["model"]);
        Assert.True((bool?)json["ready"]);
        Assert.Empty(json["problems"]!.AsArray());
        ScoreTotals totals = api.Platform.Status().Scores;
        Assert.True(totals.Events > 0);
        Assert.Equal(totals.Events, (long?)json["scores"]!["events"]);
        Assert.Equal(-(totals.Time + totals.Mark) / totals.Events, (double)json["scores"]!["nll"]!, 1e-9);
        Assert.Equal(-totals.BaselineTime / totals.Events, (double)json["scores"]!["baselineNllTime"]!, 1e-9);
    }

    [Fact]
    public async Task GetStatus_WhenNothingWasScored_HasNoMeans()
    {
        await using var api = await ApiHost.StartAsync();

        JsonNode json = (await api.GetAsync("/v1/status")).Json;

        Assert.Equal(0, (int?)json["scores"]!["events"]);
        Assert.Null(json["scores"]!["nll"]);
    }

    [Fact]
    public async Task GetStatus_WhenDevicesDiffer_SaysWhatRunsWhere()
    {
        await using (var plain = await ApiHost.StartAsync())
        {
            JsonNode device = Assert.Single((await plain.GetAsync("/v1/status")).Json["devices"]!.AsArray())!;
            Assert.Equal(("cpu", plain.Platform.PartitionCount, null), ((string?)device["device"], (int)device["partitions"]!, (string?)device["silo"]));
        }
        await using var api = await StartAsync(status => status with
        {
            Devices = [new DeviceStatus("cpu", "10.0.0.1:11111", 2, null), new DeviceStatus("cuda:0 Test", "10.0.0.2:11111", 6, "It failed.")],
        });

        Assert.Equal("""[{"device":"cpu","silo":"10.0.0.1:11111","partitions":2,"problem":null},"""
            + """{"device":"cuda:0 Test","silo":"10.0.0.2:11111","partitions":6,"problem":"It failed."}]""",
            (await api.GetAsync("/v1/status")).Json["devices"]!.ToJsonString());
        // The CPU serves on: a device that failed is no reason to take the host out.
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/health/ready")).Status);
    }

    [Theory]
    [InlineData("/health/startup", "started")]
    [InlineData("/health/ready", "ready")]
    [InlineData("/health/live", "live")]
    [InlineData("/health/cluster", "well")]
    public async Task Health_WhenAllIsWell_Answers200(string address, string status)
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await api.GetAsync(address);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(status, (string?)answer.Json["status"]);
    }

    [Fact]
    public async Task Health_WhenStateIsStillLoading_IsLiveButNeitherStartedNorReady()
    {
        await using var api = await StartAsync(health: health => health with { Started = false });

        (await api.GetAsync("/health/startup")).AssertProblem(503, "not-ready");
        (await api.GetAsync("/health/ready")).AssertProblem(503, "not-ready");
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/health/live")).Status);
    }

    [Fact]
    public async Task Health_WhenTheProcessHasAProblem_IsStartedButNotReadyAndSaysWhy()
    {
        await using var api = await StartAsync(health: health => health with { Problems = ["The disk is full."] });

        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/health/startup")).Status);
        Assert.Equal("The disk is full.", (await api.GetAsync("/health/ready")).AssertProblem(503, "not-ready"));
    }

    [Fact]
    public async Task Health_WhenTheRestOfThePlatformHasAProblem_IsReadyAndTellsPeople()
    {
        await using var api = await StartAsync(status => status with { Problems = ["Partition 3 has not been served for 9 s."], Ready = false });

        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/health/startup")).Status);
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/health/ready")).Status);
        Assert.Equal("Partition 3 has not been served for 9 s.", (await api.GetAsync("/health/cluster")).AssertProblem(503, "not-ready"));
    }

    [Fact]
    public async Task HealthCluster_WhenAPartitionIsStillLoading_SaysSo()
    {
        await using var api = await StartAsync(status => status with { Ready = false });

        Assert.Contains("still being loaded", (await api.GetAsync("/health/cluster")).AssertProblem(503, "not-ready"));
    }

    [Fact]
    public async Task HealthLive_WhenThePlatformDoesNotAnswer_IsLiveAllTheSame()
    {
        await using var api = await StartAsync(_ => throw new InvalidOperationException("Nobody may ask."),
            _ => throw new InvalidOperationException("Nobody may ask."));

        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/health/live")).Status);
    }

    private static Task<ApiHost> StartAsync(Func<PlatformStatus, PlatformStatus>? status = null,
        Func<HostHealth, HostHealth>? health = null) =>
        ApiHost.StartAsync(wrap: platform =>
            new FaultyPlatform(platform) { OnStatus = status ?? (s => s), OnHealth = health ?? (h => h) });
}
