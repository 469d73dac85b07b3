using System.Globalization;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;
using Foretell.Support;

namespace Foretell.Sources.Contract;

/// <summary>What every source must do. A source's own test class inherits these tests.</summary>
public abstract class SourceContract
{
    /// <summary>Partitions of the broker that is read.</summary>
    protected const int Partitions = 3;

    /// <summary>Name of the source that <see cref="Open"/> opens.</summary>
    protected const string SourceName = "events";

    private const int Seed = 7;

    /// <summary>Longest wait for what should take no time; a failing test's only cost.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    /// <summary>What broker and source of this class can do; all, unless it says otherwise.</summary>
    protected virtual SourceCapabilities Capabilities => SourceCapabilities.All;

    /// <summary>Opens the source of this test's broker, which has <see cref="Partitions"/> partitions and no message.</summary>
    protected abstract IMessageSource Open();

    /// <summary>Opens a source of that broker which does not exist.</summary>
    protected abstract IMessageSource OpenUnknown();

    /// <summary>Opens a source at an address where nobody listens, which gives up within seconds.</summary>
    protected abstract IMessageSource OpenUnreachable();

    /// <summary>Sends messages to a partition.</summary>
    protected abstract Task SendAsync(int partition, params SentMessage[] messages);

    /// <summary>Closes every connection to the broker.</summary>
    protected abstract void DropConnections();

    /// <summary>Lets the broker drop the oldest messages of a partition.</summary>
    protected abstract void TrimBefore(int partition, long number);

    /// <summary>Replaces what is read by another one of its name.</summary>
    protected abstract void Recreate();

    /// <summary>Lets the broker's clock go on.</summary>
    /// <returns>A moment between the messages sent before and those sent afterwards.</returns>
    protected virtual DateTimeOffset PassTime() => throw new NotSupportedException("A source that can be asked for a time lets it pass.");

    [Fact]
    public async Task Describe_OfASource_NamesItsPartitionsAndKeepsItsIdentity()
    {
        await using IMessageSource source = Open();

        SourceDescription first = await source.DescribeAsync(default);

        Assert.Equal(["0", "1", "2"], first.Partitions);
        Assert.Equal(first.Identity, (await source.DescribeAsync(default)).Identity);
    }

    [Fact]
    public async Task Describe_WhenTheSourceIsMadeAnew_HasAnotherIdentity()
    {
        await using IMessageSource source = Open();
        string before = (await source.DescribeAsync(default)).Identity;

        Recreate();

        Assert.NotEqual("", before);
        Assert.NotEqual(before, (await source.DescribeAsync(default)).Identity);
    }

    [Fact]
    public async Task Describe_OfNoSuchSource_SaysThatItIsNotFound()
    {
        await using IMessageSource source = OpenUnknown();

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => source.DescribeAsync(default));

        Assert.Equal(SourceFault.NotFound, e.Fault);
        Assert.EndsWith(".", e.Message);
    }

    [Fact]
    public async Task Describe_WhenNobodyListens_SaysThatItCannotBeReached()
    {
        await using IMessageSource source = OpenUnreachable();

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => source.DescribeAsync(default));

        Assert.Equal(SourceFault.Unavailable, e.Fault);
        Assert.EndsWith(".", e.Message);
    }

    [Fact]
    public async Task DescribePartition_WhileMessagesComeAndGo_NamesTheOldestAndTheNewest()
    {
        await using IMessageSource source = Open();
        await source.DescribeAsync(default);
        Assert.Equal(new PartitionRange(0, -1), await source.DescribePartitionAsync("1", default));

        await SendAsync(1, Numbered(0, 10));
        Assert.Equal(new PartitionRange(0, 9), await source.DescribePartitionAsync("1", default));
        Assert.Equal(new PartitionRange(0, -1), await source.DescribePartitionAsync("2", default));

        TrimBefore(1, 4);
        Assert.Equal(new PartitionRange(4, 9), await source.DescribePartitionAsync("1", default));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(8)]
    public async Task Read_BehindANumber_BeginsWithTheNextOne(long after)
    {
        await SendAsync(0, Numbered(0, 10));
        await SendAsync(1, Numbered(100, 10));
        await using IMessageSource source = Open();
        await using IMessageReader reader = await source.OpenAsync("0", new ReadFrom(after, default), 1, default);

        List<BrokerMessage> read = await ReadAsync(reader, (int)(9 - after));

        Assert.Equal(Enumerable.Range((int)after + 1, (int)(9 - after)).Select(i => ((long)i, $"{i}")),
            read.Select(m => (m.Number, Text(m))));
    }

    [Fact]
    public async Task Read_AtTheEnd_GivesNothingWithinItsWaitAndThenTheNextOne()
    {
        await SendAsync(0, Numbered(0, 3));
        await using IMessageSource source = Open();
        await using IMessageReader reader = await source.OpenAsync("0", new ReadFrom(2, default), 1, default);
        List<BrokerMessage> messages = [default];

        await reader.ReadAsync(messages, 10, default).WaitAsync(s_limit);
        Assert.Empty(messages);

        await SendAsync(0, Numbered(3, 1));
        Assert.Equal(3, Assert.Single(await ReadAsync(reader, 1)).Number);
    }

    [Fact]
    public async Task Read_OfMoreThanItsMaximum_GivesTheRestAfterwards()
    {
        await SendAsync(0, Numbered(0, 25));
        await using IMessageSource source = Open();
        await using IMessageReader reader = await source.OpenAsync("0", new ReadFrom(-1, default), 1, default);
        List<BrokerMessage> messages = [], all = [];
        while (all.Count < 25)
        {
            await reader.ReadAsync(messages, 10, default).WaitAsync(s_limit);
            Assert.InRange(messages.Count, 0, 10);
            all.AddRange(messages);
        }

        Assert.Equal(Enumerable.Range(0, 25).Select(i => (long)i), all.Select(m => m.Number));
    }

    [Fact]
    public async Task Read_FromATime_BeginsWithTheFirstMessageAtOrAfterIt()
    {
        Needs(SourceCapabilities.Times);
        await SendAsync(0, Numbered(0, 6));
        DateTimeOffset time = PassTime();
        await SendAsync(0, Numbered(6, 4));
        await using IMessageSource source = Open();
        await using IMessageReader reader = await source.OpenAsync("0", new ReadFrom(null, time), 1, default);

        Assert.Equal(6, (await ReadAsync(reader, 4))[0].Number);
    }

    [Fact]
    public async Task Read_FromATimeThatNoMessageHas_BeginsAtTheEnd()
    {
        await SendAsync(0, Numbered(0, 6));
        await using IMessageSource source = Open();
        await using IMessageReader reader =
            await source.OpenAsync("0", new ReadFrom(null, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero)), 1, default);
        List<BrokerMessage> messages = [];

        await reader.ReadAsync(messages, 10, default).WaitAsync(s_limit);

        Assert.Empty(messages);
    }

    [Fact]
    public async Task Read_WhenItIsCancelled_StopsToWaitAndLosesNothing()
    {
        await using IMessageSource source = Open();
        await using IMessageReader reader = await source.OpenAsync("0", new ReadFrom(-1, default), 1, default);
        using var cancel = new CancellationTokenSource();
        Task read = reader.ReadAsync([], 10, cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(s_limit));
        await SendAsync(0, Numbered(0, 1));
        Assert.Equal(0, Assert.Single(await ReadAsync(reader, 1)).Number);
    }

    [Fact]
    public async Task Read_OfAMessage_GivesAllItsFields()
    {
        var properties = new Dictionary<string, string> { ["ce_source"] = "/a", ["kind"] = "view é" };
        await SendAsync(2, new SentMessage("{\"a\":1}", "device-é", "application/json; charset=utf-8", properties), new SentMessage("b"));
        await using IMessageSource source = Open();
        await using IMessageReader reader = await source.OpenAsync("2", new ReadFrom(-1, default), 1, default);

        List<BrokerMessage> read = await ReadAsync(reader, 2);

        Assert.Equal((0, "{\"a\":1}", "device-é", "application/json; charset=utf-8"),
            (read[0].Number, Text(read[0]), read[0].PartitionKey, read[0].ContentType));
        Assert.Equal("/a", PropertyOf(read[0], "ce_source"));
        Assert.Equal("view é", PropertyOf(read[0], "kind"));
        Assert.InRange(EventTime.ToDateTimeOffset(read[0].EnqueuedTicks).Year, 2020, 2100);
        Assert.Equal((1, "b", null, null), (read[1].Number, Text(read[1]), read[1].PartitionKey, read[1].ContentType));
        Assert.Empty(read[1].Properties ?? new Dictionary<string, object?>());
    }

    [Fact]
    public async Task Read_WhenAReaderWithAHigherEpochOpensThePartition_SaysThatItIsTaken()
    {
        Needs(SourceCapabilities.Epochs);
        await SendAsync(0, Numbered(0, 1));
        await using IMessageSource source = Open();
        await using IMessageReader stale = await source.OpenAsync("0", new ReadFrom(-1, default), 1, default);
        await ReadAsync(stale, 1);

        await using IMessageReader owner = await source.OpenAsync("0", new ReadFrom(-1, default), 2, default);
        await ReadAsync(owner, 1);

        SourceException e = await Assert.ThrowsAsync<SourceException>(() => ReadAsync(stale, 1));
        Assert.Equal(SourceFault.Taken, e.Fault);
    }

    [Fact]
    public async Task Dispose_OfReadersAndSources_MayComeAtAnyMomentAndTwice()
    {
        await SendAsync(0, Numbered(0, 100));
        IMessageSource source = Open();
        IMessageReader idle = await source.OpenAsync("1", new ReadFrom(-1, default), 1, default);
        IMessageReader busy = await source.OpenAsync("0", new ReadFrom(-1, default), 1, default);
        await ReadAsync(busy, 10);
        using var cancel = new CancellationTokenSource();
        Task waiting = idle.ReadAsync([], 10, cancel.Token);
        await cancel.CancelAsync();
        await waiting.WaitAsync(s_limit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        DropConnections();

        foreach (IAsyncDisposable one in new IAsyncDisposable[] { idle, idle, busy, busy, source, source })
        {
            await one.DisposeAsync().AsTask().WaitAsync(s_limit);
        }
    }

    [Fact]
    public async Task Feed_WhenItIsBegunAnewAndItsConnectionsAreDropped_TakesEveryMessageOnceAndInOrder()
    {
        const int Rounds = 6, PerRound = 150;
        var random = new Random(Seed);
        await using var feed = new FeedUnderTest(Open);
        var sent = new int[Partitions];
        int all = 0;
        for (int round = 0; round < Rounds; round++)
        {
            await feed.StartAsync();
            Assert.Equal(0, feed.Platform.Status().DeadLetters);
            for (int i = 0; i < 3; i++)
            {
                int partition = random.Next(Partitions);
                await SendAsync(partition, [.. Enumerable.Range(0, PerRound / 3).Select(_ => Event(partition, sent[partition]++))]);
                all += PerRound / 3;
                if (random.Next(2) == 0)
                {
                    DropConnections();
                }
            }
            // Ended somewhere between what was there before and all of it.
            long until = all - random.Next(PerRound);
            await FeedUnderTest.UntilAsync(() => feed.Platform.Status().EventsAccepted >= until);
            await feed.StopAsync();
        }
        await feed.StartAsync();
        await feed.UntilTakenAsync(all);

        // Out of order by more than the tolerance, or twice under one id, would be dead letters.
        PlatformStatus status = feed.Platform.Status();
        Assert.Equal((all, all, 0), (status.EventsAccepted, status.EventsApplied, status.DeadLetters));
        IReadOnlyDictionary<string, SourceState> held = await feed.Platform.SourceLog.ReadSourceAsync(SourceName, default);
        Assert.Equal(sent.Select(s => s - 1L), Enumerable.Range(0, Partitions).Select(p => held[$"{p}"].Number ?? -1));
    }

    [Fact]
    public async Task Feed_WhenMessagesWereDroppedBeforeTheyWereRead_StopsUntilToldToSkip()
    {
        await using var feed = new FeedUnderTest(Open);
        await SendAsync(0, [.. Enumerable.Range(0, 10).Select(i => Event(0, i))]);
        await feed.StartAsync();
        await feed.UntilTakenAsync(10);
        await feed.StopAsync();
        await SendAsync(0, [.. Enumerable.Range(10, 10).Select(i => Event(0, i))]);
        TrimBefore(0, 15);

        await feed.StartAsync();
        await feed.UntilProblemAsync("5 messages were dropped");
        Assert.Equal(10, feed.Platform.Status().EventsAccepted);
        await feed.StopAsync();
        feed.Options = feed.Options with { OnLoss = LossPolicy.Skip };
        await feed.StartAsync();
        await FeedUnderTest.UntilAsync(() => feed.Platform.Status() is { EventsApplied: 15, DeadLetters: 1 });
    }

    /// <summary>Skips the test at work, by name, where the source does not claim to do what it is about.</summary>
    private void Needs(SourceCapabilities capability) =>
        Assert.SkipUnless(Capabilities.HasFlag(capability), $"{GetType().Name}: this source does not claim {capability}.");

    private static SentMessage[] Numbered(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => new SentMessage(i.ToString(CultureInfo.InvariantCulture)))];

    private static SentMessage Event(int partition, int i) => new(string.Create(CultureInfo.InvariantCulture,
        $"{{\"stream\":\"{partition}-{i % 5}\",\"time\":{1_700_000_000 + i},\"mark\":\"view\",\"id\":\"{partition}-{i}\"}}"));

    /// <summary>Reads until there are so many messages.</summary>
    private static async Task<List<BrokerMessage>> ReadAsync(IMessageReader reader, int count)
    {
        using var limit = new CancellationTokenSource(s_limit);
        List<BrokerMessage> messages = [], all = [];
        while (all.Count < count)
        {
            await reader.ReadAsync(messages, 1000, limit.Token);
            // Body and properties hold until the next read only.
            all.AddRange(messages.Select(m => m with { Body = m.Body.ToArray() }));
        }
        return all;
    }

    private static string Text(BrokerMessage message) => Encoding.UTF8.GetString(message.Body.Span);

    private static string? PropertyOf(BrokerMessage message, string name) => message.Properties?[name] switch
    {
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        var value => value?.ToString(),
    };
}
