using System.Net;
using System.Text.Json.Nodes;
using Foretell.Models.Configuration;
using Foretell.Models.Network;

namespace Foretell.Web.Tests;

/// <summary>Values and labels of events, from the sender to the forecast.</summary>
public sealed class ForecastValuesTests
{
    private const string At = "at=2026-01-31T14:00:00Z";

    private const string Sent = """
        [{"stream":"a","time":"2026-01-31T12:00:00Z","mark":"buy","values":{"amount":20,"temp":21.5,"unread":1}},
         {"stream":"a","time":"2026-01-31T13:00:00Z","mark":"view","values":{"temp":null}},
         {"stream":"a","time":"2026-01-31T13:30:00Z","label":"leaves"},
         {"stream":"b","time":"2026-01-31T13:30:00Z","label":"stays"}]
        """;

    [Fact]
    public async Task GetForecast_OfAModelWithValuesAndLabels_TellsThem()
    {
        await using ApiHost api = await ApiHost.StartAsync(model: Model(Shop));
        string position = await api.SendEventsAsync(Sent);

        JsonNode json = (await api.GetAsync($"/v1/streams/a/forecast?{At}&horizon=7d&quantiles=0.1,0.5,0.9&paths=3&after={position}")).Json;

        JsonNode[] values = [.. json["values"]!.AsArray().Select(v => v!)], sums = [.. json["sums"]!.AsArray().Select(s => s!)];
        Assert.Equal(["amount", "temp"], values.Select(v => (string)v["name"]!));
        Assert.Equal(["amount", "temp"], sums.Select(v => (string)v["name"]!));
        Assert.All(values, v => Assert.InRange((double)v["probability"]!, 0, 1));
        foreach (JsonNode row in values.Concat(sums))
        {
            Assert.Equal([0.1, 0.5, 0.9], row["quantiles"]!.AsArray().Select(q => (double)q!["probability"]!));
            double[] told = [.. row["quantiles"]!.AsArray().Select(q => (double)q!["value"]!)];
            Assert.Equal(told.Order(), told);
        }
        Assert.True((double)values[0]["quantiles"]![0]!["value"]! > 0);
        JsonNode[] kinds = [.. json["label"]!.AsArray().Select(k => k!)];
        Assert.Equal(["leaves", "stays"], kinds.Select(k => (string)k["name"]!).Order());
        Assert.Equal(1, kinds.Sum(k => (double)k["probability"]!), 1e-9);
        Assert.True((double)kinds[0]["probability"]! >= (double)kinds[1]["probability"]!);
        JsonNode[] events = [.. json["paths"]!.AsArray().SelectMany(p => p!["events"]!.AsArray()).Select(e => e!)];
        Assert.NotEmpty(events);
        Assert.All(events, e => Assert.Equal(2, e["values"]!.AsArray().Count));
        Assert.Null(json["remaining"]);

        JsonNode without = (await api.GetAsync($"/v1/streams/a/forecast?{At}&horizon=7d&expectedCount=false")).Json;
        Assert.Null(without["sums"]);
        Assert.Equal(2, without["values"]!.AsArray().Count);
    }

    [Fact]
    public async Task PostForecasts_OfManyStreams_TellsTheValuesOfEach()
    {
        await using ApiHost api = await ApiHost.StartAsync(model: Model(Shop));
        string position = await api.SendEventsAsync(Sent);

        ApiResponse answer = await api.PostAsync($"/v1/forecasts?after={position}",
            "application/json", """{"streams":["a","c"],"at":"2026-01-31T14:00:00Z","horizon":"1d"}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        JsonNode[] items = [.. answer.Json["forecasts"]!.AsArray().Select(f => f!)];
        Assert.Equal(2, items[0]["forecast"]!["values"]!.AsArray().Count);
        Assert.Equal(2, items[0]["forecast"]!["sums"]!.AsArray().Count);
        Assert.Equal(404, (int)items[1]["problem"]!["status"]!);
    }

    [Fact]
    public async Task Status_AfterValuesAndALabel_SaysHowTheyWereForecast()
    {
        await using ApiHost api = await ApiHost.StartAsync(model: Model(Shop));
        string position = await api.SendEventsAsync(Sent);
        await api.GetAsync($"/v1/streams/a?after={position}");

        JsonNode status = (await api.GetAsync("/v1/status")).Json, model = (await api.GetAsync($"/v1/models/{status["model"]}")).Json;
        JsonNode letters = (await api.GetAsync("/v1/dead-letters")).Json;

        JsonNode scores = status["scores"]!;
        Assert.Equal(1, (int)scores["events"]!);
        Assert.Equal((double)scores["nll"]!, (double)scores["nllTime"]! + (double)scores["nllMark"]! + (double)scores["nllValue"]!, 1e-6);
        Assert.NotNull(scores["baselineNllValue"]);
        Assert.Equal(1, (int)scores["labels"]!["count"]!);
        Assert.InRange((double)scores["labels"]!["logLoss"]!, 0, 20);
        Assert.Equal(["amount", "temp"], model["values"]!.AsArray().Select(v => (string)v!));
        Assert.Equal(["stays", "leaves"], model["labels"]!.AsArray().Select(v => (string)v!));
        JsonNode letter = Assert.Single(letters["deadLetters"]!.AsArray())!;
        Assert.Equal(("b", "label"), ((string?)letter["stream"], (string?)letter["reason"]));
    }

    /// <summary>Values that no model reads are kept in the log and change nothing.</summary>
    [Fact]
    public async Task GetForecast_OfAModelWithoutValues_SaysNothingOfThem()
    {
        await using ApiHost api = await ApiHost.StartAsync(model: Model(new ModelConfig { Marks = ["buy", "view"] }));
        string position = await api.SendEventsAsync(Sent);

        JsonNode json = (await api.GetAsync($"/v1/streams/a/forecast?{At}&after={position}")).Json;
        JsonNode scores = (await api.GetAsync("/v1/status")).Json["scores"]!;

        Assert.All(new[] { "values", "sums", "label", "remaining" }, name => Assert.False(json.AsObject().ContainsKey(name)));
        Assert.All(new[] { "nllValue", "labels" }, name => Assert.False(scores.AsObject().ContainsKey(name)));
    }

    [Fact]
    public async Task GetForecast_OfAModelOfWholeStreams_TellsTheLastEvent()
    {
        await using ApiHost api = await ApiHost.StartAsync(model: Model(new ModelConfig
        {
            Marks = ["buy", "view"],
            Censored = true,
            Remaining = new RemainingScale(1, 1),
        }));
        string position = await api.SendEventsAsync(Sent);

        JsonNode json = (await api.GetAsync($"/v1/streams/a/forecast?{At}&quantiles=0.1,0.99&after={position}")).Json;

        double never = (double)json["next"]!["never"]!;
        double[] told = [.. json["remaining"]!["quantiles"]!.AsArray().Select(q => (double)q!["seconds"]!)];
        Assert.Equal(never >= 0.1, told[0] == 0);
        Assert.True(told[1] > 0 && never < 0.99);
    }

    private static ModelConfig Shop { get; } = new()
    {
        Marks = ["buy", "view"],
        Values = [new ValueScale("amount", 3, 1) { Floor = 0.1 }, new ValueScale("temp", 20, 5)],
        ForecastsValues = true,
        Labels = ["stays", "leaves"],
    };

    private static ForecastModel Model(ModelConfig config) =>
        ForecastModel.Untrained(config with { Width = 16, Layers = 1, Heads = 2, TimeUnitSeconds = 3600 }, 5);
}
