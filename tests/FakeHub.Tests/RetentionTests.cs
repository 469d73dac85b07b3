using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;
using Azure.Messaging.EventHubs.Primitives;
using Azure.Messaging.EventHubs.Producer;
using Microsoft.Extensions.Time.Testing;

namespace Foretell.FakeHub.Tests;

/// <summary>What becomes of numbers and offsets when a hub loses events, is made anew, grows, or moves.</summary>
public sealed class RetentionTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly TestEndpoint _endpoint;

    public RetentionTests() => _endpoint = new TestEndpoint(new Hub("events", 2, clock: _clock));

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    [Fact]
    public async Task Properties_WhenRead_SayWhatThereIs()
    {
        EventHubProducerClient client = _endpoint.Producer();
        _endpoint.Fill(0, 3);

        EventHubProperties hub = await client.GetEventHubPropertiesAsync();
        PartitionProperties full = await client.GetPartitionPropertiesAsync("0");
        PartitionProperties empty = await client.GetPartitionPropertiesAsync("1");

        Assert.Equal("events", hub.Name);
        Assert.Equal(["0", "1"], hub.PartitionIds);
        Assert.Equal((_clock.GetUtcNow(), false), (hub.CreatedOn, hub.IsGeoReplicationEnabled));
        Assert.Equal((0, 2, _endpoint[0].Events()[2].Offset, _clock.GetUtcNow(), false), (full.BeginningSequenceNumber,
            full.LastEnqueuedSequenceNumber, full.LastEnqueuedOffsetString, full.LastEnqueuedTime, full.IsEmpty));
        Assert.Equal((0, -1, true), (empty.BeginningSequenceNumber, empty.LastEnqueuedSequenceNumber, empty.IsEmpty));
    }

    [Fact]
    public async Task Properties_WhenThereIsNoSuchHubOrPartition_SaySo()
    {
        _endpoint.GiveUpAtOnce();

        foreach (Func<Task> ask in new Func<Task>[]
        {
            () => _endpoint.Producer("nobody").GetEventHubPropertiesAsync(),
            () => _endpoint.Producer().GetPartitionPropertiesAsync("2"),
        })
        {
            var error = await Assert.ThrowsAsync<EventHubsException>(ask);
            Assert.Equal(EventHubsException.FailureReason.ResourceNotFound, error.Reason);
        }
    }

    [Fact]
    public async Task Trim_WhenItOvertakesThePosition_BeginsAtTheFirstThatIsLeft()
    {
        _endpoint.Fill(0, 10);
        _endpoint[0].TrimBefore(6);

        EventData first = await FirstAsync(EventPosition.FromSequenceNumber(2, isInclusive: false));

        Assert.Equal(6, first.SequenceNumber);
        Assert.Equal((4, 6, 9), (_endpoint[0].Count, _endpoint[0].BeginningSequenceNumber, _endpoint[0].LastEnqueuedSequenceNumber));
    }

    [Fact]
    public async Task Trim_WhenItOvertakesAReceiver_LeavesAGap()
    {
        _endpoint.Fill(0, 2);
        PartitionReceiver receiver = _endpoint.Receiver(EventPosition.Earliest);
        await TestEndpoint.ReceiveAsync(receiver, 2);
        using (_endpoint[0].StallReads())
        {
            _endpoint.Fill(0, 5);
            _endpoint[0].TrimBefore(5);
        }

        Assert.Equal(5, (await TestEndpoint.ReceiveAsync(receiver, 1))[0].SequenceNumber);
    }

    [Fact]
    public async Task Trim_WhenItTakesAll_LeavesTheNumbers()
    {
        _endpoint.Fill(0, 10);
        _endpoint[0].TrimBefore(10);

        PartitionProperties properties = await _endpoint.Producer().GetPartitionPropertiesAsync("0");
        Assert.Equal((10, 9, true),
            (properties.BeginningSequenceNumber, properties.LastEnqueuedSequenceNumber, properties.IsEmpty));
        Assert.Equal(10, _endpoint[0].Append("next"));
        Assert.Equal(10, (await FirstAsync(EventPosition.FromSequenceNumber(9, isInclusive: false))).SequenceNumber);
    }

    [Fact]
    public async Task Recreate_WhenTheNewHubIsShorter_RefusesTheOldPosition()
    {
        _endpoint.GiveUpAtOnce();
        _endpoint.Fill(0, 10);
        _endpoint.Hub.Recreate();
        _endpoint.Fill(0, 5);

        Exception? error = await TestEndpoint.ReceiveErrorAsync(
            _endpoint.Receiver(EventPosition.FromSequenceNumber(9, isInclusive: false)));

        Assert.Contains("The last sequence number in the system is '4'", Assert.IsType<ArgumentException>(error).Message);
    }

    [Fact]
    public async Task Recreate_WhenTheNewHubIsLonger_GoesOnSilently()
    {
        EventHubProducerClient client = _endpoint.Producer();
        _endpoint.Fill(0, 10);
        DateTimeOffset before = (await client.GetEventHubPropertiesAsync()).CreatedOn;
        _endpoint.Hub.Recreate();
        _endpoint.Fill(0, 20);

        EventData first = await FirstAsync(EventPosition.FromSequenceNumber(9, isInclusive: false));

        Assert.Equal(10, first.SequenceNumber);
        Assert.True((await client.GetEventHubPropertiesAsync()).CreatedOn > before);
    }

    [Fact]
    public async Task Recreate_WhenAReceiverWaits_RefusesItWhenItComesBack()
    {
        _endpoint.GiveUpAtOnce();
        _endpoint.Fill(0, 1);
        PartitionReceiver receiver = _endpoint.Receiver(EventPosition.Earliest);
        await TestEndpoint.ReceiveAsync(receiver, 1);
        Task<Exception?> waiting = TestEndpoint.ReceiveErrorAsync(receiver);

        _endpoint.Hub.Recreate(partitions: 1);

        Assert.Contains("The last offset in the system is '-1'", Assert.IsType<ArgumentException>(await waiting).Message);
        Assert.Equal(["0"], await _endpoint.Producer().GetPartitionIdsAsync());
    }

    [Fact]
    public async Task AddPartition_WhenAsked_IsSeenAndServed()
    {
        EventHubProducerClient client = _endpoint.Producer();
        Assert.Equal(["0", "1"], await client.GetPartitionIdsAsync());

        HubPartition added = _endpoint.Hub.AddPartition();

        Assert.Equal(["0", "1", "2"], await client.GetPartitionIdsAsync());
        await client.SendAsync(TestEndpoint.Bodies("x"), TestEndpoint.To(2));
        Assert.Equal(1, added.Count);
    }

    [Fact]
    public async Task SkipNumbers_WhenAsked_LeavesAHole()
    {
        _endpoint.Fill(0, 3);
        _endpoint[0].SkipNumbers(4);
        _endpoint.Fill(0, 3);

        List<EventData> events = await TestEndpoint.ReceiveAsync(_endpoint.Receiver(EventPosition.FromSequenceNumber(1)), 5);

        Assert.Equal([1, 2, 7, 8, 9], events.Select(e => e.SequenceNumber));
        Assert.Equal(8, (await FirstAsync(EventPosition.FromSequenceNumber(7, isInclusive: false))).SequenceNumber);
        Assert.Equal(7, (await FirstAsync(EventPosition.FromSequenceNumber(4, isInclusive: false))).SequenceNumber);
    }

    [Fact]
    public async Task LoseLast_WhenAsked_GivesTheNumbersAgain()
    {
        _endpoint.Fill(0, 10);
        _endpoint[0].LoseLast(4);

        Assert.Equal(5, (await _endpoint.Producer().GetPartitionPropertiesAsync("0")).LastEnqueuedSequenceNumber);
        Assert.Equal(6, _endpoint[0].Append("again"));
        Assert.Equal("again", (await FirstAsync(EventPosition.FromSequenceNumber(6))).EventBody.ToString());
    }

    [Fact]
    public async Task GeoReplicated_WhenRead_HasOffsetsWithoutOrder()
    {
        await using var geo = new TestEndpoint(new Hub("geo", 1) { IsGeoReplicated = true });
        geo.GiveUpAtOnce();
        geo.Fill(0, 20);

        Assert.True((await geo.Producer().GetEventHubPropertiesAsync()).IsGeoReplicationEnabled);
        List<EventData> events = await TestEndpoint.ReceiveAsync(geo.Receiver(EventPosition.Earliest), 20);
        Assert.NotEqual(events.Select(e => e.OffsetString).Order(StringComparer.Ordinal), events.Select(e => e.OffsetString));
        List<EventData> behind = await TestEndpoint.ReceiveAsync(
            geo.Receiver(EventPosition.FromOffset(events[17].OffsetString, isInclusive: false)), 2);
        Assert.Equal([18, 19], behind.Select(e => e.SequenceNumber));
        Assert.IsType<FormatException>(await TestEndpoint.ReceiveErrorAsync(geo.Receiver(EventPosition.FromOffset("5", false))));
    }

    [Fact]
    public void Append_WhenTheClockGoesBack_KeepsTimesInOrder()
    {
        var clock = new SteppingClock();
        var hub = new Hub("events", 1, clock: clock);
        hub.Partitions[0].Append("a");
        clock.Now -= TimeSpan.FromHours(1);
        hub.Partitions[0].Append("b");

        Assert.Single(hub.Partitions[0].Events().Select(e => e.EnqueuedTime).Distinct());
    }

    private async Task<EventData> FirstAsync(EventPosition from) =>
        (await TestEndpoint.ReceiveAsync(_endpoint.Receiver(from), 1))[0];

    private sealed class SteppingClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
