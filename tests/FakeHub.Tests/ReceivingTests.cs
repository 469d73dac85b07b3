using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;
using Azure.Messaging.EventHubs.Primitives;
using Microsoft.Extensions.Time.Testing;

namespace Foretell.FakeHub.Tests;

public sealed class ReceivingTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly TestEndpoint _endpoint;

    public ReceivingTests() => _endpoint = new TestEndpoint(new Hub("events", 2, ["other"], _clock));

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    [Fact]
    public async Task Receive_WhenThereAreMoreThanTheCredit_BringsAllInOrder()
    {
        _endpoint.Fill(0, 1000);

        List<EventData> events = await TestEndpoint.ReceiveAsync(_endpoint.Receiver(EventPosition.Earliest, prefetch: 50), 1000);

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (long)i), events.Select(e => e.SequenceNumber));
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i.ToString()), events.Select(e => e.EventBody.ToString()));
    }

    public static TheoryData<EventPosition, long> Positions => new()
    {
        { EventPosition.Earliest, 0 },
        { EventPosition.FromSequenceNumber(-1, isInclusive: false), 0 },
        { EventPosition.FromSequenceNumber(5), 5 },
        { EventPosition.FromSequenceNumber(5, isInclusive: false), 6 },
        { EventPosition.FromSequenceNumber(9, isInclusive: false), 10 },
        { EventPosition.FromEnqueuedTime(new DateTimeOffset(2026, 1, 2, 3, 4, 8, TimeSpan.Zero)), 4 },
        { EventPosition.Latest, 10 },
    };

    [Theory]
    [MemberData(nameof(Positions))]
    public async Task Receive_WhenAPositionIsGiven_BeginsThere(EventPosition from, long first)
    {
        FillByTheSecond();
        PartitionReceiver receiver = _endpoint.Receiver(from);
        Task<List<EventData>> received = TestEndpoint.ReceiveAsync(receiver, 1);
        await _endpoint[0].UntilAsync(p => p.Receivers == 1, TestEndpoint.Limit);
        _endpoint[0].Append("late");

        Assert.Equal(first, (await received)[0].SequenceNumber);
    }

    [Theory]
    [InlineData(true, 5)]
    [InlineData(false, 6)]
    public async Task Receive_WhenAnOffsetIsGiven_BeginsThere(bool isInclusive, long first)
    {
        FillByTheSecond();
        string offset = _endpoint[0].Events(5, 1)[0].Offset;

        EventData received = await FirstAsync(EventPosition.FromOffset(offset, isInclusive));

        Assert.Equal(first, received.SequenceNumber);
    }

    [Fact]
    public async Task Receive_WhenThePositionLiesBeyondTheEnd_IsAnArgumentException()
    {
        FillByTheSecond();
        _endpoint.GiveUpAtOnce();

        Exception? error = await TestEndpoint.ReceiveErrorAsync(_endpoint.Receiver(EventPosition.FromSequenceNumber(10)));

        Assert.Contains("The supplied sequence number '10' is invalid. The last sequence number in the system is '9'",
            Assert.IsType<ArgumentException>(error).Message);
        Assert.Equal(HubConditions.ArgumentError, _endpoint[0].Attachments[^1].Refusal);
    }

    [Fact]
    public async Task Receive_WhenTheMetricIsOn_TellsWhereTheEndIs()
    {
        FillByTheSecond();
        PartitionReceiver receiver = _endpoint.Receiver(EventPosition.Earliest);

        await TestEndpoint.ReceiveAsync(receiver, 1);

        LastEnqueuedEventProperties last = receiver.ReadLastEnqueuedEventProperties();
        HubEvent stored = _endpoint[0].Events()[^1];
        Assert.Equal((stored.SequenceNumber, stored.Offset, stored.EnqueuedTime),
            (last.SequenceNumber, last.OffsetString, last.EnqueuedTime));
    }

    [Fact]
    public async Task Receive_WhenGroupsDiffer_GivesEachEverything()
    {
        _endpoint.Fill(0, 3);

        foreach (string group in new[] { "$Default", "other" })
        {
            Assert.Equal(3, (await TestEndpoint.ReceiveAsync(_endpoint.Receiver(EventPosition.Earliest, group: group), 3)).Count);
        }
        Assert.Equal(["$Default", "other"], _endpoint[0].Attachments.Select(a => a.ConsumerGroup));
    }

    [Fact]
    public async Task Receive_WhenTheGroupIsUnknown_SaysSo()
    {
        _endpoint.GiveUpAtOnce();

        Exception? error = await TestEndpoint.ReceiveErrorAsync(_endpoint.Receiver(EventPosition.Earliest, group: "nobody"));

        Assert.Equal(EventHubsException.FailureReason.ResourceNotFound, Assert.IsType<EventHubsException>(error).Reason);
    }

    [Fact]
    public async Task Receive_WhenAConsumerReadsAllPartitions_BringsEveryEvent()
    {
        _endpoint.Fill(0, 5);
        _endpoint.Fill(1, 7);
        using var deadline = new CancellationTokenSource(TestEndpoint.Limit);
        var counts = new Dictionary<string, int>();

        await foreach (PartitionEvent received in _endpoint.Consumer().ReadEventsAsync(deadline.Token))
        {
            string id = received.Partition.PartitionId;
            counts[id] = counts.GetValueOrDefault(id) + 1;
            if (counts.Values.Sum() == 12)
            {
                break;
            }
        }

        Assert.Equal((5, 7), (counts["0"], counts["1"]));
    }

    [Fact]
    public async Task Attachments_WhenReceiversAttach_HoldWhatTheyAskedFor()
    {
        FillByTheSecond();
        await TestEndpoint.ReceiveAsync(
            _endpoint.Receiver(EventPosition.FromSequenceNumber(3, isInclusive: false), level: 7, name: "me"), 1);

        ReceiverAttachment attachment = Assert.Single(_endpoint[0].Attachments);
        Assert.Equal(("$Default", 7, "me", null),
            (attachment.ConsumerGroup, attachment.OwnerLevel, attachment.Receiver, attachment.Refusal));
        Assert.Contains("sequence-number > ", attachment.Selector);
        Assert.EndsWith("3", attachment.Selector!.TrimEnd('\''));
    }

    [Fact]
    public async Task Receivers_WhenTheClientCloses_AreGone()
    {
        _endpoint.Fill(0, 1);
        PartitionReceiver receiver = _endpoint.Receiver(EventPosition.Earliest);
        await TestEndpoint.ReceiveAsync(receiver, 1);
        Assert.Equal((1, 1), (_endpoint.Hub.Receivers, _endpoint.Endpoint.Connections));

        await receiver.CloseAsync();

        await _endpoint.Hub.UntilAsync(hub => hub.Receivers == 0, TestEndpoint.Limit);
        await _endpoint.Endpoint.UntilAsync(e => e.Connections == 0, TestEndpoint.Limit);
    }

    private async Task<EventData> FirstAsync(EventPosition from) =>
        (await TestEndpoint.ReceiveAsync(_endpoint.Receiver(from), 1))[0];

    /// <summary>Ten events, one a second, the first at 03:04:05 - so that number 4 came at 03:04:09.</summary>
    private void FillByTheSecond()
    {
        for (int i = 0; i < 10; i++)
        {
            _endpoint[0].Append(i.ToString());
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
