using System.Globalization;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.FakeHub;
using Foretell.Hosting;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Ingest.EventHubs.Tests;

/// <summary>The true SDK reads a hub into a platform, whatever happens to hub, connection and process.</summary>
public sealed class EventHubSourceTests
{
    private const int Seed = 4;

    [Theory]
    [InlineData("stream")]
    [InlineData("other")]
    [InlineData("robin")]
    public async Task Feed_OfRealEvents_MakesTheStatesThatTheirFileMakes(string keyedBy)
    {
        List<(string Stream, long Ticks, string Mark)> events = SharedData.CollegeMessages();
        await using HubFeed feed = new(partitions: 4);
        int turn = 0;
        foreach ((string Stream, long Ticks, string Mark) e in events)
        {
            // By another key that goes with the stream, each stream's events still keep their order.
            string key = keyedBy == "stream" ? e.Stream : $"{e.Stream[^1]}";
            var message = new HubMessage(EventSets.Json(e));
            if (keyedBy == "robin")
            {
                feed.Hub.Partitions[turn++ % 4].Append(message);
            }
            else
            {
                feed.Hub.Append(message, key);
            }
        }
        await feed.StartAsync();

        await feed.UntilTakenAsync(events.Count);

        PlatformStatus status = feed.Platform.Status();
        Assert.Equal(events.Count, status.EventsAccepted);
        Assert.Equal(events.Count, status.EventsApplied + status.DeadLetters);
        if (keyedBy == "robin")
        {
            // Partitions are read beside each other: what comes out of order by more than the tolerance is a dead letter of its own kind.
            Assert.All(await feed.Platform.DeadLettersAsync(100, default), letter => Assert.Equal("late", letter.Reason));
        }
        else
        {
            Assert.Equal(0, status.DeadLetters);
            Assert.Equal(await DigestOfAsync(events), await feed.Platform.StateDigestAsync(default));
        }
        await feed.UntilAsync(() => feed.Feed.Report().Partitions.All(p => p.Lag == 0));
    }

    [Fact]
    public async Task Feed_WhenItIsEndedAndBegunAgain_GoesOnWithTheNextEvent()
    {
        await using HubFeed feed = new(partitions: 1);
        for (int life = 0; life < 3; life++)
        {
            Append(feed, 0, 10, first: life * 10);
            await feed.StartAsync();
            await feed.UntilTakenAsync((life + 1) * 10);
            await feed.StopAsync();
        }
        await feed.StartAsync();

        // Each life asked for exactly the next number, and had an epoch of its own.
        ReceiverAttachment[] attached = [.. feed.Hub.Partitions[0].Attachments];
        Assert.Contains("amqp.annotation.x-opt-sequence-number > 9", attached.Select(a => a.Selector));
        Assert.Contains("amqp.annotation.x-opt-sequence-number > 19", attached.Select(a => a.Selector));
        Assert.Equal(attached.Select(a => a.OwnerLevel).Order(), attached.Select(a => a.OwnerLevel));
        Assert.Equal(30, feed.Platform.Status().EventsApplied);
    }

    [Fact]
    public async Task Feed_WhenConnectionsAreDropped_LosesAndRepeatsNothing()
    {
        await using HubFeed feed = await new HubFeed(partitions: 3).StartAsync();
        var random = new Random(Seed);
        const int Rounds = 20, PerRound = 200;
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < PerRound; i++)
            {
                Append(feed, random.Next(3), 1, first: round * PerRound + i);
            }
            await feed.UntilAsync(() => feed.Platform.Status().EventsAccepted > round * PerRound);
            feed.Endpoint.DropConnections();
        }

        await feed.UntilTakenAsync(Rounds * PerRound);

        Assert.Equal(Rounds * PerRound, feed.Platform.Status().EventsAccepted);
        Assert.All(feed.Hub.Partitions, p => Assert.Equal(p.LastEnqueuedSequenceNumber, feed.Progress(p.Id)!.Number));
    }

    [Fact]
    public async Task Append_OfAReaderThatSleptWhileAnotherTookOver_IsRefused()
    {
        await using HubFeed feed = new(partitions: 1);
        Append(feed, 0, 5);
        await feed.StartAsync();
        await feed.UntilTakenAsync(5);
        ISourceLog log = feed.Platform.SourceLog;
        var partition = new SourcePartition("events", "0");
        SourceState held = (await log.ReadSourceAsync("events", default))["0"];
        Assert.Equal(4, held.Number);

        // Somebody takes over; what the feed reads next it may not append, and so it takes the partition again.
        SourceState taken = await log.TakeSourceAsync(partition, default);
        await Assert.ThrowsAsync<SourceTakenException>(() => log.AppendSourceAsync(EventSets.Batch(("stale", 1, "")),
            new SourceAdvance(partition, held.Epoch, 4, 5, held.Identity), default));
        Append(feed, 0, 5, first: 5);
        await feed.UntilTakenAsync(10);

        Assert.Equal(10, feed.Platform.Status().EventsAccepted);
        Assert.True((await log.ReadSourceAsync("events", default))["0"].Epoch > taken.Epoch);
    }

    [Fact]
    public async Task Read_WhenAHigherEpochOpensThePartition_SaysThatItIsTaken()
    {
        await using HubFeed feed = new(partitions: 1);
        Append(feed, 0, 1);
        await using EventHubSource source = feed.Source();
        await using IMessageReader stale = await source.OpenAsync("0", new ReadFrom(-1, default), 1, default);
        List<BrokerMessage> messages = [];
        await stale.ReadAsync(messages, 10, default);
        Assert.Single(messages);

        await using IMessageReader owner = await source.OpenAsync("0", new ReadFrom(-1, default), 2, default);
        await owner.ReadAsync(messages, 10, default);
        Append(feed, 0, 1);

        SourceException e = await Assert.ThrowsAsync<SourceException>(async () =>
        {
            while (true)
            {
                await stale.ReadAsync(messages, 10, default);
            }
        });
        Assert.Equal(SourceFault.Taken, e.Fault);
    }

    [Theory]
    [InlineData("retention", "dropped by the broker's retention", 5L)]
    [InlineData("renewed", "made anew", null)]
    [InlineData("renewed longer", "made anew", null)]
    [InlineData("shortened", "lost its newest messages", null)]
    [InlineData("hole", "has a hole", 3L)]
    [InlineData("partitions", "3 partitions, and 2 were read before", null)]
    public async Task Feed_WhenMessagesAreGone_StopsAndSaysWhichUntilToldToSkip(string loss, string sentence, long? missing)
    {
        await using HubFeed feed = new(partitions: 2);
        Append(feed, 0, 10);
        await feed.StartAsync();
        await feed.UntilTakenAsync(10);
        await feed.StopAsync();
        HubPartition partition = feed.Hub.Partitions[0];
        switch (loss)
        {
            case "retention":
                Append(feed, 0, 8, first: 10);
                partition.TrimBefore(15);
                break;
            case "renewed":
                feed.Hub.Recreate();
                break;
            case "renewed longer":
                feed.Hub.Recreate();
                Append(feed, 0, 30, first: 100);
                break;
            case "shortened":
                partition.LoseLast(4);
                break;
            case "hole":
                partition.SkipNumbers(3);
                Append(feed, 0, 1, first: 10);
                break;
            default:
                feed.Hub.AddPartition();
                break;
        }
        await feed.StartAsync();

        await feed.UntilAsync(() => feed.Platform.Status().Problems.Any(p => p.Contains(sentence, StringComparison.Ordinal)));
        Assert.Contains(feed.Log.Lines, l => l.Text.Contains(sentence, StringComparison.Ordinal));
        Assert.Equal(10, feed.Platform.Status().EventsAccepted);
        await feed.StopAsync();

        feed.Options = feed.Options with { OnLoss = LossPolicy.Skip };
        await feed.StartAsync();
        int at = loss == "partitions" ? 2 : 0;
        await feed.UntilAsync(() => feed.Progress(at) is not null);
        Append(feed, at, 1, first: 1000);
        await feed.UntilAsync(() => feed.Progress(at)!.Number == feed.Hub.Partitions[at].LastEnqueuedSequenceNumber
            && feed.Platform.Status() is { LagEvents: 0, Problems.Count: 0 });
        if (missing is not null)
        {
            Assert.Equal(missing, feed.Progress(0)!.Missing);
        }
        if (loss != "partitions")
        {
            DeadLetter letter = Assert.Single(await feed.Platform.DeadLettersAsync(10, default));
            Assert.Equal(("events/0", "unreadable"), (letter.Stream, letter.Reason));
            Assert.Contains(sentence, letter.Detail);
        }
    }

    [Fact]
    public async Task Feed_WhenRetentionOvertakesItWhileItIsCutOff_NoticesTheHole()
    {
        await using HubFeed feed = new(partitions: 1);
        Append(feed, 0, 10);
        await feed.StartAsync();
        await feed.UntilTakenAsync(10);

        // While nothing is sent to the reader, events come and go.
        using (feed.Hub.Partitions[0].StallReads())
        {
            feed.Endpoint.DropConnections();
            Append(feed, 0, 10, first: 10);
            feed.Hub.Partitions[0].TrimBefore(16);
        }

        await feed.UntilAsync(() => feed.Platform.Status().Problems.Any(p => p.Contains("6 messages were dropped", StringComparison.Ordinal)));
        Assert.Equal(10, feed.Platform.Status().EventsAccepted);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    public async Task Feed_WhenTheHubIsMadeAnewWhileItReads_NoticesIt(int events)
    {
        await using HubFeed feed = new(partitions: 1);
        Append(feed, 0, 10);
        await feed.StartAsync();
        await feed.UntilTakenAsync(10);

        feed.Hub.Recreate();
        Append(feed, 0, events, first: 100);

        await feed.UntilAsync(() => feed.Platform.Status().Problems.Any(p =>
            p.Contains("made anew", StringComparison.Ordinal) && p.Contains("stopped", StringComparison.Ordinal)));
        // The library attaches again behind the number that it knows: what lies there may come in until the next look.
        Assert.InRange(feed.Platform.Status().EventsAccepted, 10, Math.Max(10, events));
    }

    [Fact]
    public async Task Feed_OfWhatNoEventCanBeReadFrom_KeepsADeadLetterAndGoesOn()
    {
        await using HubFeed feed = new(partitions: 1);
        HubPartition hub = feed.Hub.Partitions[0];
        hub.Append(Json(0));
        hub.Append("no JSON at all");
        hub.Append(new HubMessage { Value = 42 });
        hub.Append(new HubMessage { Value = Json(1) });
        hub.Append(new HubMessage { Sequence = [1, 2] });
        hub.Append(new HubMessage(Json(2) + "\n{\"stream\":\"\"}\n" + Json(3)) { ContentType = "application/x-ndjson" });
        await feed.StartAsync();

        await feed.UntilTakenAsync(8);

        Assert.Equal((4, 4), (feed.Platform.Status().EventsApplied, feed.Platform.Status().DeadLetters));
        DeadLetter[] letters = [.. (await feed.Platform.DeadLettersAsync(10, default)).OrderBy(l => l.Id)];
        Assert.All(letters, l => Assert.Equal(("events/0", "unreadable"), (l.Stream, l.Reason)));
        Assert.Equal(["1", "2", "4", "5"], letters.Select(l => l.Id));
        Assert.Contains("AMQP value of type Int32", letters[1].Detail);
        Assert.Contains("sequence", letters[2].Detail);
        Assert.Equal(4, feed.Progress(0)!.Unreadable);
    }

    [Fact]
    public async Task Feed_OfAMessageFullOfWhatCannotBeRead_KeepsADeadLetterOfTheFirstAndOneOfTheOthers()
    {
        await using HubFeed feed = new(partitions: 1);
        feed.Hub.Partitions[0].Append(
            new HubMessage(string.Concat(Enumerable.Repeat("{}\n", 5000)) + Json(1)) { ContentType = "application/x-ndjson" });
        await feed.StartAsync();

        await feed.UntilAsync(() => feed.Progress(0)?.Unreadable == 5000 && feed.Platform.Status() is { EventsApplied: 1, LagEvents: 0 });

        Assert.Equal(101, feed.Platform.Status().DeadLetters);
        DeadLetter[] letters = [.. await feed.Platform.DeadLettersAsync(200, default)];
        Assert.Single(letters, l => l.Detail == "4900 more events of this message cannot be read, after those listed.");
    }

    [Fact]
    public async Task Feed_WithAMapping_ReadsForeignEvents()
    {
        await using HubFeed feed = new(partitions: 1)
        {
            Mapping = MessageMapping.Parse("stream=@partitionKey,time=@enqueuedTime,mark=@property.kind"),
        };
        feed.Hub.Partitions[0].Append(new HubMessage("any bytes") { Properties = new Dictionary<string, object?> { ["kind"] = "view" } }, "device-1");
        await feed.StartAsync();

        await feed.UntilTakenAsync(1);

        Assert.Equal(1, feed.Platform.Status().EventsApplied);
        Assert.NotNull(await feed.Platform.FindAsync("device-1", default));
    }

    [Theory]
    [InlineData(SourceStart.Beginning, 10)]
    [InlineData(SourceStart.End, 0)]
    [InlineData(SourceStart.Time, 4)]
    public async Task Feed_OfANewHub_BeginsWhereItIsTold(SourceStart start, int old)
    {
        var clock = new TestTime();
        await using HubFeed feed = new(partitions: 1, clock);
        Append(feed, 0, 6);
        clock.Advance(TimeSpan.FromHours(1));
        feed.Options = feed.Options with { Start = start, StartTime = clock.GetUtcNow() };
        Append(feed, 0, 4, first: 6);
        await feed.StartAsync();
        await feed.UntilAsync(() => feed.Progress(0) is not null && feed.Hub.Receivers > 0);
        await feed.StopAsync();

        // Where to begin counts once: these came while nobody read.
        Append(feed, 0, 3, first: 10);
        await feed.StartAsync();
        await feed.UntilTakenAsync(old + 3);

        Assert.Equal(old + 3, feed.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task Feed_OfEventsLargerThanWhatMayLieReady_ReadsThem()
    {
        const int Messages = 20, Lines = 10_000;
        await using HubFeed feed = new(partitions: 2) { HubOptions = new EventHubOptions { PrefetchBytes = 1 } };
        for (int m = 0; m < Messages; m++)
        {
            string body = string.Concat(Enumerable.Range(m * Lines, Lines).Select(i => $$"""{"stream":"s{{m}}","time":{{1_700_000_000 + i}},"mark":"a"}""" + "\n"));
            Assert.InRange(body.Length, 400_000, 1 << 20);
            feed.Hub.Append(new HubMessage(body), $"s{m}");
        }
        await feed.StartAsync();

        await feed.UntilTakenAsync(Messages * Lines);

        Assert.Equal(0, feed.Platform.Status().DeadLetters);
    }

    [Fact]
    public async Task Feed_WhenShardsLag_LeavesEventsInTheHub()
    {
        await using HubFeed feed = new(partitions: 1);
        long lag = 0;
        Append(feed, 0, 10);
        await feed.StartAsync();
        await feed.UntilTakenAsync(10);
        await feed.Feed.DisposeAsync();
        lag = long.MaxValue;
        await using var held = new SourceFeed(feed.Source(), feed.Platform.SourceLog, () => new MessageDecoder(null), feed.Options,
            () => Volatile.Read(ref lag), TimeProvider.System, feed.Log);
        Append(feed, 0, 10, first: 10);
        await feed.UntilAsync(() => held.Report().Partitions is [{ Last: 19 }]);
        Assert.Equal(10, feed.Platform.Status().EventsAccepted);

        Volatile.Write(ref lag, 0);

        await feed.UntilTakenAsync(20);
    }

    [Fact]
    public async Task Feed_WhenTheBrokerRefusesOrIsAway_SaysSoAndGoesOnByItself()
    {
        await using HubFeed feed = new(partitions: 1);
        Append(feed, 0, 3);
        feed.Endpoint.Tokens.RefusesAll = true;
        await feed.StartAsync();
        await feed.UntilAsync(() => feed.Platform.Status().Problems.Any(p => p.Contains("refuses the credentials", StringComparison.Ordinal)));
        Assert.DoesNotContain(feed.Log.Lines, l => l.Text.Contains(TokenPolicy.DefaultKey, StringComparison.Ordinal));

        feed.Endpoint.Tokens.RefusesAll = false;

        await feed.UntilTakenAsync(3);
        await feed.UntilAsync(() => feed.Platform.Status().Problems.Count == 0);
    }

    private static string Json(int i) => string.Create(CultureInfo.InvariantCulture,
        $"{{\"stream\":\"user/{i % 7}\",\"time\":{1_700_000_000 + i},\"mark\":\"view\"}}");

    private static void Append(HubFeed feed, int partition, int count, int first = 0)
    {
        for (int i = 0; i < count; i++)
        {
            feed.Hub.Partitions[partition].Append(Json(first + i));
        }
    }

    /// <summary>The digest of the same events, appended in the file's order.</summary>
    private static async Task<string> DigestOfAsync(List<(string Stream, long Ticks, string Mark)> events)
    {
        using var folder = new TemporaryFolder();
        await using EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(new EmbeddedOptions
        {
            OpenStorage = SqliteStorage.In(folder.Path, 3),
            Model = Small.Model,
            Threads = 2,
        });
        await platform.Ready;
        foreach (var chunk in events.Chunk(1000))
        {
            await platform.AppendAsync(EventSets.Batch(chunk), null, default);
        }
        await platform.DrainAsync(default);
        return await platform.StateDigestAsync(default);
    }
}
