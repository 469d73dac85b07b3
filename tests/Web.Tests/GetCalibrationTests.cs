using System.Net;
using System.Text.Json.Nodes;
using Foretell.Engine;
using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Support;

namespace Foretell.Web.Tests;

public class GetCalibrationTests(SharedApi shared) : IClassFixture<SharedApi>
{
    [Fact]
    public async Task GetCalibration_WhenEventsWereScored_CountsEachOnce()
    {
        await using var api = await ApiHost.StartAsync();
        string position = await api.SendEventsAsync(
            """[{"stream":"a","time":1,"mark":"visit"},{"stream":"a","time":2,"mark":"purchase"},{"stream":"a","time":3,"mark":"visit"},{"stream":"b","time":1},{"stream":"b","time":9}]""");

        ApiResponse answer = await api.GetAsync($"/v1/models/{api.Platform.Model.Id}/calibration?after={position}");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(api.Platform.Model.Id, (string?)answer.Json["model"]);
        Assert.Equal(3, (int?)answer.Json["events"]);
        Assert.Equal(100, answer.Json["pit"]!.AsArray().Count);
        Assert.Equal(3, answer.Json["pit"]!.AsArray().Sum(n => (int)n!));
        Assert.InRange((double)answer.Json["pitKs"]!, 0.1, 1);
        JsonArray bins = answer.Json["reliability"]!.AsArray();
        Assert.Equal(20, bins.Count);
        Assert.Equal(3, bins.Sum(bin => (int)bin!["events"]!));
        foreach (JsonNode? bin in bins)
        {
            bool isEmpty = (int)bin!["events"]! == 0;
            Assert.Equal(isEmpty, bin["predicted"] is null);
            Assert.Equal(isEmpty, bin["observed"] is null);
            Assert.True(isEmpty || (double)bin["predicted"]! >= (double)bin["from"]! && (double)bin["predicted"]! <= (double)bin["to"]!);
        }
    }

    [Fact]
    public async Task GetCalibration_WhenNothingWasScored_IsEmpty()
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await api.GetAsync($"/v1/models/{api.Platform.Model.Id}/calibration");

        Assert.Equal(0, (int?)answer.Json["events"]);
        Assert.Null(answer.Json["pitKs"]);
        Assert.Empty(answer.Json["reliability"]!.AsArray());
        Assert.Empty(answer.Json["values"]!.AsArray());
    }

    [Fact]
    public async Task GetCalibration_WhenTheModelForecastsValues_CountsEachThatIsNoFact()
    {
        ForecastModel model = ForecastModel.Untrained(new ModelConfig
        {
            Width = 16,
            Layers = 1,
            Heads = 2,
            Components = 16,
            Marks = [],
            Values = [new ValueScale("age", 40, 10) { IsFact = true }, new ValueScale("amount", 50, 20), new ValueScale("temp", 20, 5)],
            ForecastsValues = true,
        }, seed: 1);
        await using var api = await ApiHost.StartAsync(model: model);
        string position = await api.SendEventsAsync("""
            [{"stream":"a","time":1,"values":{"age":33,"amount":50}},{"stream":"a","time":2,"values":{"age":33,"amount":1e9}},
             {"stream":"a","time":3,"values":{"amount":-1e9,"pulse":70}},{"stream":"a","time":4}]
            """);

        JsonNode answer = (await api.GetAsync($"/v1/models/{model.Id}/calibration?after={position}")).Json;

        Assert.Equal(3, (int?)answer["events"]);
        JsonArray values = answer["values"]!.AsArray();
        Assert.Equal(["amount", "temp"], values.Select(v => (string)v!["name"]!));
        Assert.Equal([2, 0], values.Select(v => (int)v!["events"]!));
        int[][] pits = [.. values.Select(v => v!["pit"]!.AsArray().Select(n => (int)n!).ToArray())];
        // One beyond all that was expected, one before.
        Assert.Equal([1, .. new int[98], 1], pits[0]);
        Assert.Equal(new int[100], pits[1]);
        Assert.Equal(0.49, (double)values[0]!["pitKs"]!, 1e-9);
        Assert.Null(values[1]!["pitKs"]);
    }

    [Fact]
    public async Task GetCalibration_WhenAnotherModelIsAsked_Answers404AndNamesTheOneThatRuns()
    {
        ApiResponse answer = await shared.Host.GetAsync("/v1/models/0123456789abcdef/calibration");

        Assert.Contains(shared.Host.Platform.Model.Id, answer.AssertProblem(404, "unknown-model"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetCalibration_WhenTheHostStartsAgain_GoesOnFromWhereItWas()
    {
        using var directory = new TemporaryFolder();
        string before, id;
        await using (var api = await ApiHost.StartAsync(directory: directory.Path))
        {
            id = api.Platform.Model.Id;
            string position = await api.SendEventsAsync("""[{"stream":"a","time":1},{"stream":"a","time":2},{"stream":"a","time":4}]""");
            before = (await api.GetAsync($"/v1/models/{id}/calibration?after={position}")).Text
                + (await api.GetAsync("/v1/streams/a")).Text;
        }
        await using var again = await ApiHost.StartAsync(directory: directory.Path);
        Assert.Equal(before, (await again.GetAsync($"/v1/models/{id}/calibration")).Text + (await again.GetAsync("/v1/streams/a")).Text);
    }

    [Fact]
    public async Task GetCalibration_WhenAPartitionDoesNotServe_Answers503()
    {
        await using var api = await ApiHost.StartAsync(wrap: platform => new FaultyPlatform(platform)
        {
            OnFind = () => throw new PlatformUnavailableException("Partition 0 is being loaded."),
        });

        (await api.GetAsync($"/v1/models/{api.Platform.Model.Id}/calibration")).AssertProblem(503, "unavailable");
    }
}
