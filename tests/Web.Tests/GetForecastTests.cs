using System.Net;
using System.Text.Json.Nodes;
using Foretell.Models.Configuration;
using Foretell.Models.Network;

namespace Foretell.Web.Tests;

public class GetForecastTests(SharedApi shared) : IClassFixture<SharedApi>, IAsyncLifetime
{
    private const string Address = "/v1/streams/a/forecast?at=2026-01-31T12:00:30Z";

    private static readonly DateTimeOffset s_now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task GetForecast_WhenAsked_IsAProperDistribution()
    {
        ApiHost api = shared.Host;

        ApiResponse answer = await api.GetAsync(
            "/v1/streams/a/forecast?at=2026-01-31T12:00:30Z&horizon=1h&quantiles=0.001,0.01,0.1,0.25,0.5,0.75,0.9,0.99,0.999");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        JsonNode json = answer.Json;
        Assert.Equal("2026-01-31T12:00:30Z", (string?)json["at"]);
        Assert.Equal("2026-01-31T12:00:00Z", (string?)json["lastEventTime"]);
        Assert.Equal(30, (double?)json["silenceSeconds"]);
        Assert.Equal(3600, (double?)json["horizonSeconds"]);
        var quantiles = json["next"]!["quantiles"]!.AsArray();
        Assert.Equal([0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999], quantiles.Select(q => (double)q!["probability"]!));
        double[] seconds = [.. quantiles.Select(q => (double)q!["seconds"]!)];
        Assert.All(seconds, s => Assert.True(s >= 0));
        Assert.Equal(seconds.Order(), seconds);
        Assert.Equal(seconds[4], (double)json["next"]!["median"]!);
        Assert.True((double)json["next"]!["mean"]! > 0);
        Assert.InRange((double)json["survival"]!, 0, 1);
        Assert.Equal(Math.Log((double)json["survival"]!), (double)json["logSurvival"]!, 1e-6);
        Assert.InRange((double)json["probabilityWithinHorizon"]!, 0, 1);
        Assert.True((double)json["expectedCount"]! >= 0);
        double[] marks = [.. json["marks"]!.AsArray().Select(m => (double)m!["probability"]!)];
        Assert.Equal(1, marks.Sum(), 1e-6);
        Assert.Equal(marks.OrderDescending(), marks);
    }

    [Theory]
    [InlineData("", 20)]
    [InlineData("marks=0", 0)]
    [InlineData("marks=3", 3)]
    [InlineData("marks=4096", 30)]
    public async Task GetForecast_WhenTheModelKnowsManyMarks_NamesTheLikeliestAndCountsTheOthers(string query, int named)
    {
        await using ApiHost api = await ApiHost.StartAsync(model: ManyMarks(30));
        string position = await api.SendEventsAsync("""[{"stream":"a","time":"2026-01-31T12:00:00Z"}]""");

        JsonNode all = (await api.GetAsync($"/v1/streams/a/forecast?marks=30&after={position}")).Json;
        JsonNode json = (await api.GetAsync($"/v1/streams/a/forecast?{query}")).Json;

        double[] every = [.. all["marks"]!.AsArray().Select(m => (double)m!["probability"]!)];
        Assert.Equal(all["marks"]!.AsArray().Take(named).Select(m => (string?)m!["mark"]), json["marks"]!.AsArray().Select(m => (string?)m!["mark"]));
        Assert.Equal(30 - named, (int)json["otherMarks"]!["count"]!);
        // Marks depend on the silence, and a moment passes between the two questions.
        Assert.Equal(every.Skip(named).Sum(), (double)json["otherMarks"]!["probability"]!, 1e-3);
        Assert.Equal(1, json["marks"]!.AsArray().Sum(m => (double)m!["probability"]!) + (double)json["otherMarks"]!["probability"]!, 1e-9);
    }

    [Fact]
    public async Task GetForecast_WhenTheModelKnowsAsManyMarksAsItMay_IsStillSmall()
    {
        await using ApiHost api = await ApiHost.StartAsync(model: ManyMarks(ModelLimits.Marks));
        string position = await api.SendEventsAsync("""[{"stream":"a","time":"2026-01-31T12:00:00Z"}]""");

        ApiResponse answer = await api.GetAsync($"/v1/streams/a/forecast?expectedCount=false&after={position}");

        Assert.Equal(ModelLimits.Marks - 20, (int)answer.Json["otherMarks"]!["count"]!);
        Assert.InRange(answer.Json.ToJsonString().Length, 1, 3000);
    }

    [Theory]
    [InlineData("marks=-1")]
    [InlineData("marks=4097")]
    [InlineData("marks=all")]
    [InlineData("marks=1.5")]
    public async Task GetForecast_WhenTheNumberOfMarksCannotBeUsed_SaysWhatIsAllowed(string query)
    {
        ApiResponse answer = await shared.Host.GetAsync($"/v1/streams/a/forecast?{query}");

        Assert.Contains("a whole number from 0 to 4096", answer.AssertProblem(400, "invalid-parameter"));
        Assert.Equal("marks", (string?)answer.Json["parameter"]);
    }

    private static ForecastModel ManyMarks(int count) => ForecastModel.Untrained(new ModelConfig
    {
        Width = 16, Layers = 1, Heads = 2, Components = 16, Marks = [.. Enumerable.Range(0, count).Select(i => $"mark-{i}")],
    }, seed: 1);

    [Fact]
    public async Task GetForecast_WhenTheModelDoesNotTell_NeverIsNull()
    {
        JsonObject next = (await shared.Host.GetAsync("/v1/streams/a/forecast")).Json["next"]!.AsObject();

        Assert.True(next.TryGetPropertyValue("never", out JsonNode? never));
        Assert.Null(never);
    }

    [Fact]
    public async Task GetForecast_WhenTheModelTellsWhoIsGone_NeverRisesAndQuantilesBeyondItAreNull()
    {
        var config = new ModelConfig { Width = 16, Layers = 1, Heads = 2, Components = 16, Censored = true };
        await using ApiHost api = await ApiHost.StartAsync(model: ForecastModel.Untrained(config, seed: 1));
        string position = await api.SendEventsAsync("""[{"stream":"a","time":"2026-01-31T12:00:00Z"}]""");

        double previous = 0;
        foreach (int seconds in (int[])[0, 1, 10, 3600])
        {
            string at = s_now.AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
            JsonNode json =
                (await api.GetAsync($"/v1/streams/a/forecast?at={at}&after={position}&horizon=36525d&quantiles=0.01,0.99")).Json;
            double never = (double)json["next"]!["never"]!;

            Assert.InRange(never, previous, 1);
            Assert.Null(json["next"]!["quantiles"]![1]!["seconds"]);
            Assert.Equal(never < 0.5, json["next"]!["median"] is not null);
            // A hundred years are as good as all time here.
            Assert.Equal(1 - never, (double)json["probabilityWithinHorizon"]!, 1e-6);
            previous = never;
        }
        Assert.True(previous > 0.99, $"After an hour, where gaps are of seconds, none is to come any more: {previous}.");
        // Overdue streams are ranked by the gap alone, given that an event comes: no share of those who are gone keeps it from falling.
        JsonNode overdue = (await api.GetAsync("/v1/overdue?gone=true&at=2026-01-31T13:00:00Z")).Json["streams"]![0]!;
        Assert.True((double)overdue["survival"]! < 1e-4, overdue.ToJsonString());
    }

    [Fact]
    public async Task GetForecast_WhenSilenceGrows_SurvivalFallsFromOne()
    {
        ApiHost api = shared.Host;
        double previous = 1;
        foreach (int seconds in (int[])[0, 1, 5, 30, 120, 3600, 86400])
        {
            string at = s_now.AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

            double survival = (double)(await api.GetAsync($"/v1/streams/a/forecast?at={at}")).Json["survival"]!;

            Assert.InRange(survival, 0, previous);
            if (seconds == 0)
            {
                Assert.Equal(1, survival, 1e-9);
            }
            previous = survival;
        }
        Assert.True(previous < 0.9, $"After a day of silence the survival is still {previous}.");
    }

    [Fact]
    public async Task GetForecast_WhenSilenceLastsCenturies_StaysFinite()
    {
        ApiHost api = shared.Host;

        ApiResponse answer = await api.GetAsync("/v1/streams/a/forecast?at=9999-12-31T23:59:59Z&horizon=36525d");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.InRange((double)answer.Json["survival"]!, 0, 1);
        Assert.DoesNotContain("NaN", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetForecast_WhenNothingIsSaid_AsksNowForOneHour()
    {
        ApiHost api = shared.Host;
        api.Clock.Now = s_now.AddSeconds(90);

        JsonNode json = (await api.GetAsync("/v1/streams/a/forecast")).Json;

        Assert.Equal(90, (double?)json["silenceSeconds"]);
        Assert.Equal(3600, (double?)json["horizonSeconds"]);
        Assert.Equal([0.1, 0.5, 0.9], json["next"]!["quantiles"]!.AsArray().Select(q => (double)q!["probability"]!));
    }

    [Fact]
    public async Task GetForecast_WhenCountsAreWanted_TellsTheirDistribution()
    {
        JsonNode json = (await shared.Host.GetAsync($"{Address}&horizon=10m&quantiles=0.1,0.5,0.9")).Json, count = json["count"]!;

        Assert.Equal((double)json["expectedCount"]!, (double)count["mean"]!);
        Assert.InRange((double)count["standardError"]!, 0, (double)count["mean"]!);
        double[] counts = [.. count["quantiles"]!.AsArray().Select(q => (double)q!["count"]!)];
        Assert.Equal([0.1, 0.5, 0.9], count["quantiles"]!.AsArray().Select(q => (double)q!["probability"]!));
        Assert.Equal(counts.Order(), counts);
        Assert.All(counts, c => Assert.Equal(Math.Round(c), c));
        Assert.Null(json["paths"]);
    }

    [Fact]
    public async Task GetForecast_WhenPathsAreWanted_DrawsTheSameOnesEachTime()
    {
        string address = $"{Address}&horizon=10m&expectedCount=false&paths=";
        JsonArray five = (await shared.Host.GetAsync(address + "5")).Json["paths"]!.AsArray(),
            two = (await shared.Host.GetAsync(address + "2")).Json["paths"]!.AsArray();

        Assert.Equal((5, 2), (five.Count, two.Count));
        Assert.True(JsonNode.DeepEquals(five[1], two[1]));
        foreach (JsonNode? path in five)
        {
            Assert.Equal(600, (double)path!["untilSeconds"]!);
            double[] seconds = [.. path["events"]!.AsArray().Select(e => (double)e!["seconds"]!)];
            Assert.Equal(seconds.Order(), seconds);
            Assert.All(seconds, s => Assert.InRange(s, 0, 600));
        }
    }

    [Theory]
    [InlineData("paths=1001", "'paths' must be a whole number from 0 to 1000; got 1001.")]
    [InlineData("paths=some", "'paths' must be a whole number from 0 to 1000; got 'some'.")]
    public async Task GetForecast_WhenPathsAreTooMany_SaysWhatIsAllowed(string query, string sentence) =>
        Assert.Contains(sentence, (await shared.Host.GetAsync($"{Address}&{query}")).AssertProblem(400, "invalid-parameter"));

    [Fact]
    public async Task GetForecast_WhenLastEventLiesAheadOfNow_StandsAtTheEvent()
    {
        ApiHost api = shared.Host;
        string position = await api.SendEventsAsync("""{"stream":"ahead","time":"2026-01-31T12:00:07Z"}""");

        JsonNode json = (await api.GetAsync($"/v1/streams/ahead/forecast?after={position}")).Json;

        Assert.Equal("2026-01-31T12:00:07Z", (string?)json["at"]);
        Assert.Equal(0, (double?)json["silenceSeconds"]);
    }

    [Theory]
    [InlineData("1769860830.5")]
    [InlineData("2026-01-31T12:00:30.5Z")]
    [InlineData("2026-01-31T14:00:30.5%2B02:00")]
    [InlineData("2026-01-31T14:00:30.5+02:00")]
    [InlineData("2026-01-31T07:00:30.5-05:00")]
    public async Task GetForecast_WhenAtIsWrittenInAnyForm_MeansTheSameMoment(string at)
    {
        ApiHost api = shared.Host;

        ApiResponse answer = await api.GetAsync($"/v1/streams/a/forecast?at={at}");

        Assert.Equal("2026-01-31T12:00:30.5Z", (string?)answer.Json["at"]);
    }

    [Theory]
    [InlineData("at=noon", "at")]
    [InlineData("at=2026-01-31T12:00:30", "at")]
    [InlineData("at=NaN", "at")]
    [InlineData("at=1e300", "at")]
    [InlineData("horizon=soon", "horizon")]
    [InlineData("horizon=0", "horizon")]
    [InlineData("horizon=-1h", "horizon")]
    [InlineData("horizon=36526d", "horizon")]
    [InlineData("quantiles=0.5,x", "quantiles")]
    [InlineData("quantiles=0", "quantiles")]
    [InlineData("quantiles=1", "quantiles")]
    [InlineData("quantiles=NaN", "quantiles")]
    [InlineData("quantiles=0.1,,0.9", "quantiles")]
    [InlineData("expectedCount=maybe", "expectedCount")]
    [InlineData("within=visit,surprise", "within")]
    public async Task GetForecast_WhenAParameterCannotBeUsed_Answers400NamingIt(string query, string parameter)
    {
        ApiHost api = shared.Host;

        ApiResponse answer = await api.GetAsync($"/v1/streams/a/forecast?{query}");

        Assert.Contains("must", answer.AssertProblem(400, "invalid-parameter"), StringComparison.Ordinal);
        Assert.Equal(parameter, (string?)answer.Json["parameter"]);
    }

    [Fact]
    public async Task GetForecast_WhenExpectedCountIsNotWanted_AnswersTheRestAlone()
    {
        ApiHost api = shared.Host;
        JsonNode full = (await api.GetAsync(Address)).Json;
        Assert.NotNull(full["expectedCount"]);

        JsonNode rest = (await api.GetAsync(Address + "&expectedCount=false")).Json;

        (full["expectedCount"], full["count"]) = (null, null);
        Assert.True(JsonNode.DeepEquals(full, rest), rest.ToJsonString());
    }

    [Fact]
    public async Task GetForecast_WhenAskedWhetherMarksComeWithinTheHorizon_TellsOfThem()
    {
        ApiHost api = shared.Host;
        JsonNode plain = (await api.GetAsync(Address)).Json;
        string[] marks = [.. plain["marks"]!.AsArray().Select(m => (string)m!["mark"]!)];
        Assert.False(plain.AsObject().ContainsKey("within"));

        JsonNode json = (await api.GetAsync($"{Address}&within={marks[1]},%20{marks[0]},{marks[1]}")).Json;

        JsonArray within = json["within"]!.AsArray();
        Assert.Equal([marks[1], marks[0]], within.Select(w => (string)w!["mark"]!));
        Assert.All(within, w =>
        {
            double probability = (double)w!["probability"]!, error = (double)w["standardError"]!;
            Assert.InRange(probability, 0, Math.Min((double)json["probabilityWithinHorizon"]!, (double)w["expectedCount"]! + 4 * error));
            Assert.InRange(error, 0, 0.05);
        });
        json.AsObject().Remove("within");
        Assert.True(JsonNode.DeepEquals(plain, json), json.ToJsonString());
        ApiResponse many = await api.PostAsync("/v1/forecasts", "application/json",
            $$"""{"streams":["a"],"at":"2026-01-31T12:00:30Z","within":["{{marks[1]}}","{{marks[0]}}"]}""");
        Assert.True(JsonNode.DeepEquals(within, many.Json["forecasts"]![0]!["forecast"]!["within"]), many.Text);
    }

    [Fact]
    public async Task GetForecast_WhenTooManyQuantilesAreAsked_Answers400()
    {
        ApiHost api = shared.Host;

        ApiResponse answer = await api.GetAsync("/v1/streams/a/forecast?quantiles=" + string.Join(',', Enumerable.Repeat("0.5", 101)));

        answer.AssertProblem(400, "invalid-parameter");
    }

    [Fact]
    public async Task GetForecast_WhenAtLiesBeforeTheLastEvent_Answers400NamingBothTimes()
    {
        ApiHost api = shared.Host;

        string detail = (await api.GetAsync("/v1/streams/a/forecast?at=2026-01-31T11:59:59Z")).AssertProblem(400, "before-last-event");

        Assert.Contains("2026-01-31T11:59:59", detail, StringComparison.Ordinal);
        Assert.Contains("2026-01-31T12:00:00", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetForecast_WhenStreamIsUnknown_Answers404()
    {
        ApiHost api = shared.Host;

        (await api.GetAsync("/v1/streams/nobody/forecast")).AssertProblem(404, "unknown-stream");
    }

    /// <summary>Gives the shared API stream "a" with five events, the last at <see cref="s_now"/>.</summary>
    public async ValueTask InitializeAsync()
    {
        ApiHost api = shared.Host;
        api.Clock.Now = s_now;
        if ((await api.GetAsync("/v1/streams/a")).Status == HttpStatusCode.OK)
        {
            return;
        }
        string position = await api.SendEventsAsync("""
            [{"stream":"a","time":"2026-01-31T11:58:00Z","mark":"visit"},{"stream":"a","time":"2026-01-31T11:58:40Z","mark":"visit"},
             {"stream":"a","time":"2026-01-31T11:59:00Z","mark":"purchase"},{"stream":"a","time":"2026-01-31T11:59:55Z"},
             {"stream":"a","time":"2026-01-31T12:00:00Z","mark":"visit"}]
            """);
        await api.GetAsync($"/v1/status?after={position}");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
