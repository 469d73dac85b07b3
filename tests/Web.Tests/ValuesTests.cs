using System.Net;
using System.Text.Json.Nodes;
using Foretell.Support;

namespace Foretell.Web.Tests;

/// <summary>An API whose model reads events' values and tells kinds of streams apart.</summary>
public sealed class ValuesTests : IAsyncLifetime
{
    private const string Forecast = "/v1/streams/a/forecast?at=2026-01-31T12:00:30Z&horizon=10m";

    private ApiHost _api = null!;

    public async ValueTask InitializeAsync()
    {
        _api = await ApiHost.StartAsync(model: Small.Valued);
        string position = await _api.SendEventsAsync("""
            [{"stream":"a","time":"2026-01-31T11:58:00Z","mark":"view","values":{"amount":12.5,"temp":21}},
             {"stream":"a","time":"2026-01-31T11:59:00Z","mark":"buy","values":{"amount":80,"pulse":70}},
             {"stream":"a","time":"2026-01-31T12:00:00Z","mark":"view"},
             {"stream":"a","time":"2026-01-31T11:00:00Z","label":"bot"},
             {"stream":"b","time":"2026-01-31T12:00:10Z","mark":"login","values":{"temp":-3}},
             {"stream":"nobody","time":"2026-01-31T12:00:00Z","label":"human","id":"l-1"}]
            """);
        await _api.GetAsync($"/v1/status?after={position}");
    }

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task GetForecast_WhenTheModelForecastsValues_TellsHowMuchAndWhatKind()
    {
        JsonNode json = (await _api.GetAsync($"{Forecast}&quantiles=0.01,0.1,0.5,0.9,0.99")).Json;

        JsonArray values = json["values"]!.AsArray(), sums = json["sums"]!.AsArray();
        foreach (JsonArray told in (JsonArray[])[values, sums])
        {
            Assert.Equal(["amount", "temp"], told.Select(v => (string)v!["name"]!));
            foreach (JsonNode? value in told)
            {
                Assert.Equal([0.01, 0.1, 0.5, 0.9, 0.99], value!["quantiles"]!.AsArray().Select(q => (double)q!["probability"]!));
                double[] quantiles = [.. value["quantiles"]!.AsArray().Select(q => (double)q!["value"]!)];
                Assert.Equal(quantiles.Order(), quantiles);
                Assert.InRange((double)value["mean"]!, quantiles[0], quantiles[^1]);
            }
        }
        Assert.All(values, v => Assert.InRange((double)v!["probability"]!, 0.01, 0.99));
        Assert.All(sums, s => Assert.True((double)s!["standardError"]! > 0));
        // An amount is read by its logarithm, so that none is below 0, and nor is a sum of them.
        Assert.True((double)values[0]!["quantiles"]![0]!["value"]! > 0 && (double)sums[0]!["quantiles"]![0]!["value"]! >= 0);
        JsonArray kinds = json["label"]!.AsArray();
        Assert.Equal(["bot", "human"], kinds.Select(k => (string)k!["name"]!).Order());
        double[] chances = [.. kinds.Select(k => (double)k!["probability"]!)];
        Assert.Equal(1, chances.Sum(), 1e-6);
        Assert.Equal(chances.OrderDescending(), chances);
    }

    [Fact]
    public async Task GetForecast_WhenStreamsHaveShownOtherAmounts_ForecastsEachByItsOwn()
    {
        string position = await _api.SendEventsAsync($"[{string.Join(',', Enumerable.Range(0, 30).SelectMany(i => new[]
        {
            $$$"""{"stream":"cheap","time":{{{1769860000 + i}}},"values":{"amount":{{{2 + (i % 3)}}}}}""",
            $$$"""{"stream":"dear","time":{{{1769860000 + i}}},"values":{"amount":{{{2000 + (i % 3)}}}}}""",
        }))}]");

        double cheap = await MedianAsync("cheap"), dear = await MedianAsync("dear");

        Assert.True(dear > 10 * cheap, $"The medians are {cheap} and {dear}.");

        async Task<double> MedianAsync(string stream) => (double)(await _api.GetAsync(
            $"/v1/streams/{stream}/forecast?quantiles=0.5&expectedCount=false&after={position}")).Json["values"]![0]!["quantiles"]![0]!["value"]!;
    }

    [Fact]
    public async Task GetForecast_WhenExpectedCountIsNotWanted_LeavesOutSumsAndNothingElse()
    {
        JsonNode full = (await _api.GetAsync(Forecast)).Json;
        Assert.NotEmpty(full["sums"]!.AsArray());

        JsonNode rest = (await _api.GetAsync($"{Forecast}&expectedCount=false")).Json;

        Assert.False(rest.AsObject().ContainsKey("sums"));
        full.AsObject().Remove("sums");
        (full["expectedCount"], full["count"]) = (null, null);
        Assert.True(JsonNode.DeepEquals(full, rest), rest.ToJsonString());
    }

    [Fact]
    public async Task GetForecast_WhenTheModelHasNeitherValuesNorKinds_LeavesThemOut()
    {
        await using ApiHost api = await ApiHost.StartAsync();
        // What such a model does not read is in the log all the same.
        string position = await api.SendEventsAsync("""
            [{"stream":"a","time":1769860700,"values":{"amount":3}},{"stream":"a","time":1769860800},{"stream":"a","time":1769860800,"label":"bot"}]
            """);

        JsonObject forecast = (await api.GetAsync($"/v1/streams/a/forecast?paths=2&after={position}")).Json.AsObject();
        JsonObject status = (await api.GetAsync("/v1/status")).Json.AsObject(), scores = status["scores"]!.AsObject();

        Assert.DoesNotContain(forecast, member => member.Key is "values" or "sums" or "label" or "remaining");
        Assert.All(forecast["paths"]!.AsArray().SelectMany(p => p!["events"]!.AsArray()), e => Assert.False(e!.AsObject().ContainsKey("values")));
        Assert.Equal((3, 0), ((int)status["eventsApplied"]!, (int)status["deadLetters"]!));
        Assert.DoesNotContain(scores, member => member.Key is "nllValue" or "baselineNllValue" or "labels");
        JsonNode model = (await api.GetAsync($"/v1/models/{api.Platform.Model.Id}")).Json;
        Assert.Equal((0, 0), (model["values"]!.AsArray().Count, model["labels"]!.AsArray().Count));
    }

    [Fact]
    public async Task GetForecast_WhenPathsAreWanted_TheirEventsHaveValues()
    {
        JsonArray paths = (await _api.GetAsync($"{Forecast}&expectedCount=false&paths=20")).Json["paths"]!.AsArray();

        JsonArray[] values = [.. paths.SelectMany(p => p!["events"]!.AsArray()).Select(e => e!["values"]!.AsArray())];
        Assert.True(values.Length > 20, $"{values.Length} events are too few to tell anything.");
        Assert.All(values, v => Assert.Equal(2, v.Count));
        // Some have one, and some do not.
        Assert.All(Enumerable.Range(0, 2), i => Assert.InRange(values.Count(v => v[i] is null), 1, values.Length - 1));
        Assert.All(values.Where(v => v[0] is not null), v => Assert.True((double)v[0]! > 0));
    }

    [Fact]
    public async Task PostForecasts_WhenTwoStreamsAreAsked_AnswersAsTheSingleQuestions()
    {
        JsonNode answer = (await _api.PostAsync("/v1/forecasts", "application/json",
            """{"streams":["a","b"],"at":"2026-01-31T12:00:30Z","horizon":"10m","quantiles":[0.2,0.8],"paths":2}""")).Json;

        foreach (JsonNode? item in answer["forecasts"]!.AsArray())
        {
            JsonNode single = (await _api.GetAsync(
                $"/v1/streams/{item!["stream"]}/forecast?at=2026-01-31T12:00:30Z&horizon=10m&quantiles=0.2,0.8&paths=2")).Json;
            Assert.NotEmpty(single["sums"]!.AsArray());
            Assert.Equal(["amount", "temp"], item["forecast"]!["sums"]!.AsArray().Select(sum => (string)sum!["name"]!));
            // How many steps counts and sums take depends on what is asked with them; nothing else does.
            Assert.All((string[])["values", "label", "paths", "next", "marks"],
                name => Assert.True(JsonNode.DeepEquals(single[name], item["forecast"]![name]), $"{name} of {item.ToJsonString()}"));
        }
    }

    [Fact]
    public async Task PostForecasts_WhenManyStreamsAreAsked_EachHasItsValuesSumsAndKinds()
    {
        const int streams = 100;
        string position = await _api.SendEventsAsync($"[{string.Join(',', Enumerable.Range(0, streams).Select(i =>
            $$$"""{"stream":"s{{{i}}}","time":1769860000,"values":{"amount":{{{i + 1}}}}}"""))}]");
        string names = string.Join(',', Enumerable.Range(0, streams).Select(i => $"\"s{i}\""));

        ApiResponse answer = await _api.PostAsync($"/v1/forecasts?after={position}", "application/json",
            $$"""{"streams":[{{names}}],"at":"2026-01-31T12:00:30Z","horizon":"1m"}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        JsonArray forecasts = answer.Json["forecasts"]!.AsArray();
        Assert.Equal(streams, forecasts.Count);
        Assert.All(forecasts, f => Assert.Equal((2, 2, 2), (f!["forecast"]!["values"]!.AsArray().Count,
            f["forecast"]!["sums"]!.AsArray().Count, f["forecast"]!["label"]!.AsArray().Count)));
        double[] medians = [.. forecasts.Select(f => (double)f!["forecast"]!["values"]![0]!["quantiles"]![1]!["value"]!)];
        Assert.Equal(streams, medians.Distinct().Count());
    }

    [Fact]
    public async Task GetStatus_WhenEventsHadValuesAndALabelCame_ScoresBoth()
    {
        JsonNode json = (await _api.GetAsync("/v1/status")).Json, scores = json["scores"]!;

        Assert.Equal((6, 5, 1, 2), ((int)json["eventsAccepted"]!, (int)json["eventsApplied"]!, (int)json["deadLetters"]!, (int)json["streams"]!));
        Assert.Equal(2, (int)scores["events"]!);
        double time = (double)scores["nllTime"]!, mark = (double)scores["nllMark"]!, value = (double)scores["nllValue"]!;
        Assert.NotEqual(0, value);
        Assert.Equal(time + mark + value, (double)scores["nll"]!, 1e-9);
        Assert.Equal((double)scores["baselineNllTime"]! + (double)scores["baselineNllMark"]! + (double)scores["baselineNllValue"]!,
            (double)scores["baselineNll"]!, 1e-9);
        // The label came behind three events: it is scored by what is forecast of their stream now.
        JsonArray kinds = (await _api.GetAsync($"{Forecast}&expectedCount=false")).Json["label"]!.AsArray();
        double bot = (double)kinds.Single(k => (string?)k!["name"] == "bot")!["probability"]!;
        Assert.Equal(1, (int)scores["labels"]!["count"]!);
        Assert.Equal(-Math.Log(bot), (double)scores["labels"]!["logLoss"]!, 1e-9);
        Assert.Equal((string?)kinds[0]!["name"] == "bot" ? 1 : 0, (double)scores["labels"]!["accuracy"]!);
    }

    [Fact]
    public async Task GetDeadLetters_WhenALabelsStreamIsUnknown_SaysWhatToDo()
    {
        JsonNode letter = Assert.Single((await _api.GetAsync("/v1/dead-letters")).Json["deadLetters"]!.AsArray())!;

        Assert.Equal(("nobody", "label", "human", "l-1"),
            ((string?)letter["stream"], (string?)letter["reason"], (string?)letter["mark"], (string?)letter["id"]));
        Assert.Contains("send the stream's events first", (string)letter["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetModel_WhenItForecastsValues_NamesThemAndTheKinds()
    {
        JsonNode model = (await _api.GetAsync($"/v1/models/{_api.Platform.Model.Id}")).Json;

        Assert.Equal(["amount", "temp"], model["values"]!.AsArray().Select(v => (string)v!));
        Assert.Equal(["human", "bot"], model["labels"]!.AsArray().Select(l => (string)l!));
    }

    [Fact]
    public async Task GetStream_WhenItsEventsHaveValues_ScoresThemToo()
    {
        JsonNode stream = (await _api.GetAsync("/v1/streams/a")).Json, scores = (await _api.GetAsync("/v1/status")).Json["scores"]!;

        // Two events of "a" were scored and none of "b".
        Assert.Equal(3, (int)stream["events"]!);
        Assert.Equal((double)scores["nll"]!, (double)stream["live"]!["nll"]!, 1e-3);
        Assert.Equal((double)scores["baselineNll"]!, (double)stream["live"]!["baselineNll"]!, 1e-3);
    }

    [Fact]
    public async Task GetStreamEvents_WhenAnEventWithValuesComes_ForecastsTheNextOnes()
    {
        using FeedReader feed = await _api.OpenFeedAsync("/v1/streams/a/events?quantiles=0.5");
        Assert.Equal(3, (int)(await feed.ReadAsync()).Data["events"]!);
        string position = await _api.SendEventsAsync("""{"stream":"a","time":"2026-01-31T12:01:00Z","mark":"buy","values":{"amount":900,"temp":20}}""");

        JsonNode forecast = (await feed.ReadAsync()).Data["forecast"]!;

        Assert.Equal((2, 2), (forecast["values"]!.AsArray().Count, forecast["label"]!.AsArray().Count));
        Assert.False(forecast.AsObject().ContainsKey("sums"));
        JsonNode asked = (await _api.GetAsync(
            $"/v1/streams/a/forecast?quantiles=0.5&expectedCount=false&at={forecast["at"]}&after={position}")).Json;
        Assert.True(JsonNode.DeepEquals(asked, forecast), forecast.ToJsonString());
    }

    [Theory]
    [InlineData("ForecastAnswer", "values sums label")]
    [InlineData("ValueAnswer", "name probability mean quantiles")]
    [InlineData("SumAnswer", "name mean standardError quantiles")]
    [InlineData("LabelChance", "name probability")]
    [InlineData("PathEvent", "values")]
    [InlineData("ScoresAnswer", "nllValue baselineNllValue labels")]
    [InlineData("LabelScoresAnswer", "count accuracy logLoss")]
    [InlineData("ModelAnswer", "values labels")]
    [InlineData("Event", "values label")]
    public async Task OpenApi_WhenRead_ListsWhatIsToldOfValuesAndKinds(string schema, string members)
    {
        JsonNode schemas = (await _api.GetAsync("/openapi/v1.json")).Json["components"]!["schemas"]!;

        Assert.Subset(schemas[schema]!["properties"]!.AsObject().Select(p => p.Key).ToHashSet(), members.Split(' ').ToHashSet());
    }
}
