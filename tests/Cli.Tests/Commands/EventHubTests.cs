using System.Text.Json;
using Foretell.Cli.Tests.Support;
using Foretell.FakeHub;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell run --event-hub: the program is fed by a hub, and killed meanwhile.</summary>
public sealed class EventHubTests : IDisposable
{
    private const int Seed = 12;

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public EventHubTests() => _model = Workload.Model(_folder);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_WhenItIsKilledAtRandomMoments_TakesEveryEventOnce()
    {
        var hub = new Hub("events");
        await using HubEndpoint endpoint = HubEndpoint.Start(hub);

        await Host(endpoint).AssertTakesEachOnceAsync(Seed, events =>
        {
            foreach (string json in events)
            {
                Send(hub, json);
            }
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Run_WhenItIsInterrupted_CommitsAndThenAsksForTheNextEvent()
    {
        var hub = new Hub("events", partitions: 1);
        await using HubEndpoint endpoint = HubEndpoint.Start(hub);
        KilledHost program = Host(endpoint);
        for (int life = 0; life < 2; life++)
        {
            for (int i = 0; i < 100; i++)
            {
                Send(hub, $$"""{"stream":"s{{i % 3}}","time":{{1_760_000_000 + life * 100 + i}},"mark":"view"}""");
            }
            (ForetellProcess host, Uri url) = await program.StartAsync();
            await using ForetellProcess running = host;
            using var client = new HostClient(url);
            JsonElement status = await client.StatusAsync(s => s.GetProperty("eventsApplied").GetInt64() == 100 * (life + 1));
            Assert.Equal((100 * life) + 99, Assert.Single(status.GetProperty("sources").EnumerateArray()).GetProperty("number").GetInt64());
            ProcessResult end = await host.InterruptAsync();
            Assert.Equal(0, end.ExitCode);
            Assert.DoesNotContain(TokenPolicy.DefaultKey, end.Output + end.Error);
        }
        Assert.Contains("> 99", hub.Partitions[0].Attachments[^1].Selector);
    }

    [Theory]
    [InlineData("names no hub", "--event-hub", "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0")]
    [InlineData("cannot be read", "--event-hub", "Endpoint=;SharedAccessKey=c2VjcmV0")]
    [InlineData("plain text", "--event-hub", "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0;EntityPath=h;UseDevelopmentEmulator=true")]
    [InlineData("cannot be read", "--event-hub", "@no-such-file")]
    [InlineData("is no hub", "--event-hub", "a/b/c")]
    [InlineData("--event-hub; name the hub", "--consumer-group", "g")]
    [InlineData("--consumer-group must be the name of a group", "--event-hub", "a/b", "--consumer-group", "")]
    [InlineData("is no hub", "--event-hub", "a", "--event-hub-name", " ")]
    [InlineData("start, end or a time", "--event-hub", "a/b", "--from", "yesterday")]
    [InlineData("--map", "--event-hub", "a/b", "--map", "time=/at")]
    [InlineData("stop or skip", "--event-hub", "a/b", "--on-loss", "ignore")]
    [InlineData("leave one of the two out", "--event-hub", "a/b", "--file", "events.ndjson", "--exit")]
    public async Task Run_WhenTheHubIsToldWrongly_SaysWhatIsExpected(string expected, params string[] arguments)
    {
        await File.WriteAllTextAsync(_folder.At("events.ndjson"), "");
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, ["run", "--data-dir", "unused", .. arguments]);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(expected, result.Sentence);
        Assert.DoesNotContain("c2VjcmV0", result.Output + result.Error);
    }

    private KilledHost Host(HubEndpoint endpoint)
    {
        string path = _folder.At("connection.txt");
        File.WriteAllText(path, endpoint.ConnectionString + ";EntityPath=events\n");
        return new KilledHost(_folder, _model, "--event-hub", "@" + path);
    }

    /// <summary>Sends one event to the hub's partition of its stream.</summary>
    private static void Send(Hub hub, string json)
    {
        using var document = JsonDocument.Parse(json);
        hub.Append(new HubMessage(json), document.RootElement.GetProperty("stream").GetString());
    }
}
