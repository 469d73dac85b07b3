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
        // A transaction ends before each kill, and leaves a hole.
        await Host(_kafka.Address).AssertTakesEachOnceAsync(Seed, SendAsync, random => _kafka.WriteMarkerAsync(random.Next(Partitions)));
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
            (ForetellProcess host, Uri url) = await Host("@" + settings).StartAsync();
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

    private KilledHost Host(string topic) => new(_folder, _model, "--kafka", topic);
}
