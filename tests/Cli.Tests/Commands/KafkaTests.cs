using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Foretell.Cli.Tests.Support;
using Foretell.MockKafka;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell run --kafka: the program is fed by a topic, and killed meanwhile.</summary>
public sealed class KafkaTests : IDisposable
{
    private const int Seed = 13, Partitions = 3;

    private readonly TemporaryFolder _folder = new();
    private readonly MockCluster _kafka = new(partitions: Partitions);
    private readonly string _model;

    public KafkaTests() => _model = Workload.Model(_folder);

    public void Dispose()
    {
        _kafka.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Run_WhenItIsKilledAtRandomMoments_TakesEveryEventOnce()
    {
        // FORETELL_KILLS=20 is the long form.
        int kills = int.Parse(Environment.GetEnvironmentVariable("FORETELL_KILLS") ?? "3", CultureInfo.InvariantCulture);
        string file = Workload.Events(_folder, streams: 200, events: 60_000);
        ProcessResult undisturbed = await ForetellProcess.RunAsync(_folder.Path,
            "run", "--data-dir", "undisturbed", "--model", _model, "--partitions", "3", "--file", file, "--exit", "--json");
        Assert.True(undisturbed.ExitCode == 0, undisturbed.Error);
        string[] events = File.ReadAllLines(file);
        var random = new Random(Seed);
        int sent = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            (ForetellProcess host, Uri url) = await RunAsync(_kafka.Address);
            await using (host)
            {
                using var doomed = new HostClient(url);
                long before = (await doomed.GetAsync("v1/status")).GetProperty("eventsAccepted").GetInt64();
                int most = events.Length * (kill + 1) / (kills + 1);
                await SendAsync(events[sent..most]);
                sent = most;
                // A transaction ends, and leaves a hole.
                await _kafka.WriteMarkerAsync(random.Next(Partitions));
                long until = before + 1 + random.NextInt64(Math.Max(1, most - before - 1));
                await doomed.StatusAsync(s => s.GetProperty("eventsAccepted").GetInt64() >= until);
                await host.KillAsync();
            }
        }
        (ForetellProcess last, Uri address) = await RunAsync(_kafka.Address);
        await using ForetellProcess running = last;
        await SendAsync(events[sent..]);
        using var client = new HostClient(address);
        JsonElement status = await client.StatusAsync(s => s.GetProperty("eventsApplied").GetInt64() + s.GetProperty("deadLetters").GetInt64() >= events.Length);

        Assert.Equal(events.Length, status.GetProperty("eventsAccepted").GetInt64());
        var streams = await client.StreamsAsync(RunFileTests.Counts(file).Keys);
        Assert.Equal(JsonDocument.Parse(undisturbed.Output).RootElement.GetProperty("digest").GetString(), HostClient.DigestOf(streams));
    }

    [Fact]
    public async Task Run_WithAFileOfSettings_ReadsOnAndPrintsNoSecret()
    {
        string settings = _folder.At("kafka.properties");
        await File.WriteAllTextAsync(settings, $"bootstrap.servers={_kafka.Brokers}\ntopic=events\nsasl.username=me\nsasl.password=hunter2-hunter2\n");
        for (int life = 0; life < 2; life++)
        {
            await SendAsync([.. Enumerable.Range(0, 100).Select(i =>
                $$"""{"stream":"s{{i % 3}}","time":{{1_760_000_000 + life * 100 + i}},"mark":"view"}""")]);
            (ForetellProcess host, Uri url) = await RunAsync("@" + settings);
            await using ForetellProcess running = host;
            using var client = new HostClient(url);
            JsonElement status = await client.StatusAsync(s => s.GetProperty("eventsApplied").GetInt64() == 100 * (life + 1));
            Assert.Equal((100 * (life + 1)) - Partitions, status.GetProperty("sources").EnumerateArray().Sum(p => p.GetProperty("number").GetInt64()));
            await host.LineAsync(line => line.Contains($"reading topic 'events' at {_kafka.Brokers}", StringComparison.Ordinal));
            ProcessResult end = await host.InterruptAsync();
            Assert.Equal(0, end.ExitCode);
            Assert.DoesNotContain("hunter2", end.Output + end.Error);
        }
    }

    [Theory]
    [InlineData("is no topic of Kafka", "--kafka", "kafka-1:9092")]
    [InlineData("is no broker of Kafka", "--kafka", "user:hunter2@kafka-1/events")]
    [InlineData("cannot be read", "--kafka", "@no-such-file")]
    [InlineData("refuses a setting", "--kafka", "@wrong.properties")]
    [InlineData("a run reads one broker", "--kafka", "a/b", "--event-hub", "a/b")]
    [InlineData("--event-hub; name the hub", "--kafka", "a/b", "--consumer-group", "g")]
    [InlineData("name one of them", "--from", "end")]
    [InlineData("leave one of the two out", "--kafka", "a/b", "--file", "events.ndjson", "--exit")]
    public async Task Run_WhenTheTopicIsToldWrongly_SaysWhatIsExpected(string expected, params string[] arguments)
    {
        await File.WriteAllTextAsync(_folder.At("events.ndjson"), "");
        await File.WriteAllTextAsync(_folder.At("wrong.properties"), "bootstrap.servers=a\ntopic=b\nsasl.pasword=hunter2\n");
        ProcessResult result = await ForetellProcess.RunAsync(_folder.Path, ["run", "--data-dir", "unused", .. arguments]);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(expected, result.Sentence);
        Assert.DoesNotContain("hunter2", result.Output + result.Error);
    }

    /// <summary>Sends events to the topic's partition of their stream, those of each partition in order.</summary>
    private async Task SendAsync(string[] events)
    {
        foreach (IGrouping<int, string> partition in events.GroupBy(e => EventSets.PartitionOf(StreamOf(e), Partitions)))
        {
            await _kafka.SendMessagesAsync(partition.Key, partition.Select(e =>
                new Message<byte[]?, byte[]?> { Key = Encoding.UTF8.GetBytes(StreamOf(e)), Value = Encoding.UTF8.GetBytes(e) }));
        }
    }

    private static string StreamOf(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("stream").GetString()!;
    }

    private Task<(ForetellProcess Host, Uri Url)> RunAsync(string topic) => ForetellProcess.StartHostAsync(_folder,
        "--data-dir", "fed", "--model", _model, "--partitions", "3", "--kafka", topic);
}
