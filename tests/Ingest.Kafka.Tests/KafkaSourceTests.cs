using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;
using Foretell.MockKafka;
using Foretell.Sources.Contract;
using Foretell.Support;

namespace Foretell.Ingest.Kafka.Tests;

/// <summary>What is Kafka's own: transactions, rights, headers, tombstones, and brokers that are away.</summary>
public sealed class KafkaSourceTests : IDisposable
{
    private const short Fetch = 1, Metadata = 3, FindCoordinator = 10;

    private readonly MockCluster _kafka = new(partitions: 1);

    public void Dispose() => _kafka.Dispose();

    [Fact]
    public async Task Read_OverTheEndOfATransaction_LeavesItsOffsetOut()
    {
        await _kafka.SendAsync(0, "0", "1");
        await _kafka.WriteMarkerAsync(0);
        await _kafka.SendAsync(0, "3");
        await using KafkaSource source = Open();
        await using IMessageReader reader = await source.OpenAsync("0", new ReadFrom(-1, default), 1, default);

        Assert.Equal([0, 1, 3], (await ReadAsync(reader, 3)).Select(m => m.Number));
        Assert.Equal(new PartitionRange(0, 3), await source.DescribePartitionAsync("0", default));
    }

    [Fact]
    public async Task Feed_BehindTheEndOfATransaction_HasNoLagAndTakesRetentionForNoLoss()
    {
        await _kafka.SendAsync(0, Json(0), Json(1));
        await _kafka.WriteMarkerAsync(0);
        await using var feed = new FeedUnderTest(Open);
        await feed.StartAsync();
        await feed.UntilTakenAsync(2);
        await FeedUnderTest.UntilAsync(() => feed.Progress(0) is { Number: 2, Lag: 0 });
        await feed.StopAsync();

        // Nothing is left but the next offset, and all that was dropped had been read.
        _kafka.TrimBefore(0, 3);
        await feed.StartAsync();
        await _kafka.SendAsync(0, Json(2));
        await feed.UntilTakenAsync(3);

        Assert.Empty(feed.Platform.Status().Problems);
        Assert.Equal((3, 0, 0), (feed.Platform.Status().EventsApplied, feed.Platform.Status().DeadLetters, feed.Progress(0)!.Missing));
    }

    [Fact]
    public async Task Feed_WhenRetentionDropsTheFirstMessagesEver_SaysSo()
    {
        await using var feed = new FeedUnderTest(Open);
        await feed.StartAsync();
        // That it began, with nothing read, is kept before anything comes.
        await FeedUnderTest.UntilAsync(() => feed.Progress(0) is { Number: -1, Problem: null, Last: -1 }
            && HeldAsync(feed).Result is { Number: -1 });
        await feed.StopAsync();
        await _kafka.SendAsync(0, Json(0), Json(1), Json(2));
        _kafka.TrimBefore(0, 2);

        await feed.StartAsync();

        await feed.UntilProblemAsync("2 messages were dropped");
    }

    [Fact]
    public async Task Feed_WhenRetentionOvertakesIt_SaysHowManyAreMissing()
    {
        await using var feed = new FeedUnderTest(Open);
        await _kafka.SendAsync(0, Json(0));
        await feed.StartAsync();
        await feed.UntilTakenAsync(1);

        _kafka.Down();
        Task sent = _kafka.SendAsync(0, [.. Enumerable.Range(1, 9).Select(Json)]);
        _kafka.Refuse(Fetch, ErrorCode.NotLeaderForPartition, 1000);
        _kafka.Up();
        await sent;
        _kafka.TrimBefore(0, 7);
        _kafka.Allow(Fetch);

        await feed.UntilProblemAsync("6 messages were dropped");
        Assert.Equal(1, feed.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task Feed_WhenTheTopicIsMadeAnewWhileItReads_SaysSo()
    {
        await using var feed = new FeedUnderTest(Open);
        await _kafka.SendAsync(0, Json(0));
        await feed.StartAsync();
        await feed.UntilTakenAsync(1);

        _kafka.Recreate(partitions: 1);
        await _kafka.SendAsync(0, Json(1), Json(2));

        await feed.UntilProblemAsync("it was made anew");
    }

    [Fact]
    public async Task Feed_WhenTheBrokerIsAway_SaysSoAndGoesOnByItself()
    {
        await using var feed = new FeedUnderTest(() => Open(TimeSpan.FromSeconds(1)));
        await _kafka.SendAsync(0, Json(0));
        await feed.StartAsync();
        await feed.UntilTakenAsync(1);

        _kafka.Down();
        await feed.UntilProblemAsync($"{_kafka.Brokers} cannot be reached");
        _kafka.Up();
        await _kafka.SendAsync(0, Json(1));

        await feed.UntilTakenAsync(2);
        await FeedUnderTest.UntilAsync(() => feed.Platform.Status().Problems.Count == 0);
    }

    [Fact]
    public async Task Read_WithoutARightToTheGroup_ReadsAllTheSame()
    {
        await _kafka.SendAsync(0, "0", "1");
        _kafka.Refuse(FindCoordinator, ErrorCode.GroupAuthorizationFailed, 1000);
        await using KafkaSource source = Open();
        await using IMessageReader reader = await source.OpenAsync("0", new ReadFrom(-1, default), 1, default);

        Assert.Equal(2, (await ReadAsync(reader, 2)).Count);
        // The refusal comes while it waits for more.
        List<BrokerMessage> none = [];
        await reader.ReadAsync(none, 10, default);
        await _kafka.SendAsync(0, "2");
        Assert.Equal(2, Assert.Single(await ReadAsync(reader, 1)).Number);
    }

    [Fact]
    public async Task Read_WithoutARightToTheTopic_SaysWhichIsNeeded()
    {
        await _kafka.SendAsync(0, "0");
        _kafka.Refuse(Fetch, ErrorCode.TopicAuthorizationFailed, 1);
        await using KafkaSource source = Open();
        await using IMessageReader reader = await source.OpenAsync("0", new ReadFrom(-1, default), 1, default);

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => ReadAsync(reader, 1));

        Assert.Equal(SourceFault.Refused, e.Fault);
        Assert.Contains("READ and DESCRIBE", e.Message);
    }

    [Fact]
    public async Task Describe_WhenTheBrokerSpeaksNoTls_SaysWhichSettingsToCheck()
    {
        using var folder = new TemporaryFolder();
        string file = folder.At("kafka.properties");
        await File.WriteAllTextAsync(file, "security.protocol=SSL");
        await using var source = new KafkaSource("events", KafkaAddress.Read(_kafka.Brokers, _kafka.Topic, file),
            new KafkaOptions { RequestTimeout = TimeSpan.FromSeconds(2) });

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => source.DescribeAsync(default));

        Assert.Equal(SourceFault.Unavailable, e.Fault);
        Assert.Contains("SSL_HANDSHAKE", e.Message);
        Assert.Contains("security.protocol", e.Message);
    }

    [Fact]
    public async Task Describe_WhenTheBrokerTellsNoTopicIds_HasNoIdentity()
    {
        // Version 10 brought them.
        _kafka.Limit(Metadata, 9);
        await using KafkaSource source = Open();

        SourceDescription description = await source.DescribeAsync(default);

        Assert.Equal("", description.Identity);
        Assert.Equal(["0"], description.Partitions);
    }

    [Fact]
    public async Task Read_OfMoreBytesThanOneReadTakes_GivesTheRestAfterwards()
    {
        string body = new('x', 1000);
        await _kafka.SendAsync(0, [.. Enumerable.Repeat(body, 10)]);
        await using var source = new KafkaSource("events", KafkaAddress.Parse(_kafka.Address), new KafkaOptions { ReadBytes = 3000 });
        await using IMessageReader reader = await source.OpenAsync("0", new ReadFrom(-1, default), 1, default);
        List<BrokerMessage> messages = [], all = [];
        while (all.Count < 10)
        {
            await reader.ReadAsync(messages, 1000, default);
            Assert.InRange(messages.Count, 0, 3);
            all.AddRange(messages);
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), all.Select(m => m.Number));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("")]
    public async Task DescribePartition_WhenItsNameIsNoNumber_SaysThatItIsNotFound(string partition)
    {
        await using KafkaSource source = Open();

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => source.DescribePartitionAsync(partition, default));

        Assert.Equal(SourceFault.NotFound, e.Fault);
    }

    [Fact]
    public async Task Feed_OfCloudEventsTombstonesAndForeignBytes_TakesWhatIsAnEvent()
    {
        byte[] data = Encoding.UTF8.GetBytes("any bytes");
        await _kafka.SendMessagesAsync(0,
        [
            new()
            {
                Value = data,
                Headers = Of(("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/a"), ("ce_subject", "device-1"), ("ce_type", "view"),
                    ("ce_time", "2026-01-01T00:00:00Z"), ("content-type", "text/plain")),
            },
            new()
            {
                Value = Encoding.UTF8.GetBytes("""
                    {"specversion":"1.0","id":"2","source":"/a","subject":"device-2","type":"view","time":"2026-01-01T00:00:01Z"}
                    """),
                Headers = Of(("content-type", "application/cloudevents+json")),
            },
            new() { Key = data },
            new() { Value = [0xFF, 0xFE, 0x00] },
        ]);
        await using var feed = new FeedUnderTest(Open);
        await feed.StartAsync();

        await feed.UntilTakenAsync(4);

        Assert.NotNull(await feed.Platform.FindAsync("device-1", default));
        Assert.NotNull(await feed.Platform.FindAsync("device-2", default));
        DeadLetter[] letters = [.. (await feed.Platform.DeadLettersAsync(10, default)).OrderBy(l => l.Id)];
        Assert.All(letters, l => Assert.Equal(("events/0", "unreadable"), (l.Stream, l.Reason)));
        Assert.Equal(["2", "3"], letters.Select(l => l.Id));
        Assert.Contains("tombstone", letters[0].Detail);
    }

    private static async Task<SourceState?> HeldAsync(FeedUnderTest feed) =>
        (await feed.Platform.SourceLog.ReadSourceAsync("events", default)).GetValueOrDefault("0");

    private KafkaSource Open() => Open(null);

    private KafkaSource Open(TimeSpan? timeout) => new("events", KafkaAddress.Parse(_kafka.Address),
        new KafkaOptions { RequestTimeout = timeout ?? new KafkaOptions().RequestTimeout });

    private static Headers Of(params (string Name, string Value)[] headers)
    {
        var all = new Headers();
        foreach ((string name, string value) in headers)
        {
            all.Add(name, Encoding.UTF8.GetBytes(value));
        }
        return all;
    }

    private static string Json(int i) => string.Create(CultureInfo.InvariantCulture, $"{{\"stream\":\"s\",\"time\":{1_700_000_000 + i}}}");

    /// <summary>Reads until there are so many messages.</summary>
    private static async Task<List<BrokerMessage>> ReadAsync(IMessageReader reader, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        List<BrokerMessage> messages = [], all = [];
        while (all.Count < count)
        {
            await reader.ReadAsync(messages, 1000, limit.Token);
            all.AddRange(messages);
        }
        return all;
    }
}
