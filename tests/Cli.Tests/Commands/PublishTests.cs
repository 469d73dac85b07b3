using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Foretell.Cli.Tests.Support;
using Foretell.FakeHub;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell run --publish-to: what the program says goes to a hub, whatever is killed or lost meanwhile.</summary>
public sealed class PublishTests : IDisposable
{
    private const int Seed = 21, Streams = 60;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    // A stream is overdue within a second.
    public PublishTests() => _model = Workload.Model(_folder, timeUnitSeconds: 0.01);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_WhenItIsKilledAndAcknowledgementsAreLost_TellsAReaderThatDropsRepeatsEachAlertOnce()
    {
        // FORETELL_KILLS=20 is the long form.
        int kills = int.Parse(Environment.GetEnvironmentVariable("FORETELL_KILLS") ?? "3", CultureInfo.InvariantCulture);
        var hub = new Hub("out", partitions: 3);
        await using HubEndpoint endpoint = HubEndpoint.Start(hub);
        var random = new Random(Seed);
        var told = new HashSet<(string Stream, long Events)>();
        int unpublished = 0;
        string? after = null;
        for (int life = 0; life < kills; life++)
        {
            (ForetellProcess host, Uri url) = await RunAsync(endpoint);
            await using ForetellProcess running = host;
            await StandsAsync(url);
            // In every second life the hub takes nothing; in the others it forgets to acknowledge now and then.
            hub.RefusedSends.Arm(life % 2 == 0 ? int.MaxValue : 0, HubConditions.EntityDisabled);
            hub.LostAcknowledgements.Arm(life % 2 == 0 ? 0 : 2);
            using FeedReader feed = await OpenAlertsAsync(url, after);
            await PostAsync(url);
            after = await ReadAlertsAsync(feed, told, random.Next(Streams / 2, Streams + 1));
            // What ends the silences keeps them from being raised anew: they must have been kept.
            await PostAsync(url);
            await running.KillAsync();
            unpublished += told.Count(alert => !Alerts(hub).Contains(alert));
        }
        Assert.True(unpublished > 0, "Every alert was published before its host was killed: this shows nothing.");
        hub.RefusedSends.Arm(0);
        hub.LostAcknowledgements.Arm(2);
        (ForetellProcess last, Uri address) = await RunAsync(endpoint);
        await using ForetellProcess host2 = last;

        await hub.UntilAsync(h => told.IsSubsetOf(Alerts(h)), s_limit);

        // A reader that drops what has an id that it has seen: each silence once, and the same number never for two of them.
        JsonNode[] seen = [.. Events(hub).DistinctBy(e => ((string)e["source"]!, (string)e["id"]!))];
        Assert.Single(seen.Select(e => (string)e["source"]!).Distinct());
        Assert.Equal(seen.Length, seen.Select(Silence).Distinct().Count());
        Assert.All(Events(hub).GroupBy(e => (string)e["id"]!), same => Assert.Single(same.Select(e => e.ToJsonString()).Distinct()));
        Assert.All(hub.Partitions, p => Assert.All(p.Events(), e => Assert.Equal(p, hub.PartitionFor(e.PartitionKey))));
        using var client = new HostClient(address);
        JsonElement status = await client.StatusAsync(s => s.GetProperty("problems").GetArrayLength() == 0);
        JsonElement sink = Assert.Single(status.GetProperty("sinks").EnumerateArray());
        Assert.Equal(("out", "alerts", 0L), (sink.GetProperty("sink").GetString(), sink.GetProperty("feed").GetString(),
            sink.GetProperty("missed").GetInt64()));
        ProcessResult end = await last.InterruptAsync();
        Assert.Equal(0, end.ExitCode);
        Assert.DoesNotContain(TokenPolicy.DefaultKey, end.Output + end.Error);
    }

    [Fact]
    public async Task Run_WhenForecastsAreAskedFor_PublishesOneAfterEachEventOfTheStream()
    {
        var hub = new Hub("out", partitions: 1);
        await using HubEndpoint endpoint = HubEndpoint.Start(hub);
        (ForetellProcess host, Uri url) = await RunAsync(endpoint, alertSurvival: "0", "--publish-forecasts-of", "s1",
            "--publish-forecasts-of", "s,2");
        await using ForetellProcess running = host;
        for (int i = 1; i <= 5; i++)
        {
            await PostAsync(url, ["s1", "s,2", "s3"]);
            await hub.UntilAsync(h => h.Count >= 2 * i, s_limit);
        }

        JsonNode[] events = [.. Events(hub)];
        Assert.All(events, e => Assert.Equal("foretell.forecast", (string?)e["type"]));
        foreach (string stream in (string[])["s1", "s,2"])
        {
            JsonNode[] own = [.. events.Where(e => (string?)e["subject"] == stream)];
            Assert.Equal([1, 2, 3, 4, 5], own.Select(e => (int)e["data"]!["events"]!));
            Assert.Equal(5, own.Select(e => (string)e["id"]!).Distinct().Count());
            Assert.All(own, e => Assert.True((double)e["data"]!["forecast"]!["next"]!["median"]! > 0, e.ToJsonString()));
        }
    }

    [Fact]
    public async Task Run_WhenTheHubRefusesTheKey_SaysSoAndGoesOnOnceItDoesNot()
    {
        var hub = new Hub("out", partitions: 1);
        await using HubEndpoint endpoint = HubEndpoint.Start(hub);
        endpoint.Tokens.RefusesAll = true;
        (ForetellProcess host, Uri url) = await RunAsync(endpoint);
        await using ForetellProcess running = host;
        using var client = new HostClient(url);
        await StandsAsync(url);
        await PostAsync(url);

        JsonElement status = await client.StatusAsync(s => s.GetProperty("problems").GetArrayLength() > 0);
        Assert.Contains("Data Sender", status.GetProperty("problems")[0].GetString());
        endpoint.Tokens.RefusesAll = false;

        await hub.UntilAsync(h => Alerts(h).Count == Streams, s_limit);
        await client.StatusAsync(s => s.GetProperty("problems").GetArrayLength() == 0);
    }

    [Theory]
    [InlineData("names no hub", "--publish-to", "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0")]
    [InlineData("cannot be read", "--publish-to", "@no-such-file")]
    [InlineData("is no hub", "--publish-to", "a/b/c")]
    [InlineData("--publish-to; name the hub", "--publish-forecasts-of", "s")]
    [InlineData("--publish-forecasts-of must be the key of a stream", "--publish-to", "a/b", "--publish-forecasts-of", "")]
    [InlineData("Publish to another hub", "--publish-to", "ns/out", "--event-hub", "NS/Out")]
    [InlineData("leave --exit or --publish-to out", "--publish-to", "a/b", "--file", "events.ndjson", "--exit")]
    public async Task Run_WhenTheHubIsToldWrongly_SaysWhatIsExpected(string expected, params string[] arguments)
    {
        await File.WriteAllTextAsync(_folder.At("events.ndjson"), "");
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, ["run", "--data-dir", "unused", .. arguments]);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(expected, result.Sentence);
        Assert.DoesNotContain("c2VjcmV0", result.Output + result.Error);
    }

    private Task<(ForetellProcess Host, Uri Url)> RunAsync(HubEndpoint endpoint, string alertSurvival = "0.2", params string[] more)
    {
        File.WriteAllText(_folder.At("out.txt"), endpoint.ConnectionString + ";EntityPath=out\n");
        return ForetellProcess.StartHostAsync(_folder, ["--data-dir", "data", "--model", _model, "--partitions", "3",
            "--alert-survival", alertSurvival, "--publish-to", "@out.txt", .. more]);
    }

    /// <summary>Waits until the publisher of alerts knows where it goes on.</summary>
    private static async Task StandsAsync(Uri url)
    {
        using var client = new HostClient(url);
        await client.StatusAsync(s => s.GetProperty("sinks") is var sinks && sinks.GetArrayLength() > 0
            && sinks[0].GetProperty("number").ValueKind == JsonValueKind.Number);
    }

    /// <summary>Sends an event of each stream, as of now.</summary>
    private static async Task PostAsync(Uri url, IEnumerable<string>? streams = null)
    {
        using var http = new HttpClient { BaseAddress = url };
        string now = DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture);
        IEnumerable<object> events = (streams ?? Enumerable.Range(0, Streams).Select(n => $"stream-{n}"))
            .Select(stream => new { stream, time = now, mark = "view" });
        using var content = new StringContent(JsonSerializer.Serialize(events), Encoding.UTF8, "application/json");
        (await http.PostAsync("v1/events", content)).EnsureSuccessStatusCode();
    }

    /// <summary>Opens the feed of alerts as any client of the API does.</summary>
    private static async Task<FeedReader> OpenAlertsAsync(Uri url, string? after)
    {
        var http = new HttpClient { BaseAddress = url };
        var request = new HttpRequestMessage(HttpMethod.Get, "v1/alerts/events");
        if (after is not null)
        {
            request.Headers.Add("Last-Event-ID", after);
        }
        return await FeedReader.OpenAsync(await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
    }

    /// <summary>Reads until so many more alerts are known.</summary>
    /// <returns>Id of the last one.</returns>
    private static async Task<string> ReadAlertsAsync(FeedReader feed, HashSet<(string Stream, long Events)> told, int more)
    {
        int target = told.Count + more;
        while (true)
        {
            (string name, string? id, JsonNode data) = await feed.ReadAsync();
            Assert.Equal("alert", name);
            Assert.True(told.Add(((string)data["stream"]!, (long)data["events"]!)), $"{data} was told twice.");
            if (told.Count == target)
            {
                return id!;
            }
        }
    }

    private static IEnumerable<JsonNode> Events(Hub hub) =>
        hub.Partitions.SelectMany(p => p.Events()).Select(e => JsonNode.Parse(e.Message.Text)!);

    private static HashSet<(string Stream, long Events)> Alerts(Hub hub) => [.. Events(hub).Select(Silence)];

    private static (string Stream, long Events) Silence(JsonNode alert) =>
        ((string)alert["data"]!["stream"]!, (long)alert["data"]!["events"]!);
}
