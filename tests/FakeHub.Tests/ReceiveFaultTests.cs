using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;
using Azure.Messaging.EventHubs.Primitives;

namespace Foretell.FakeHub.Tests;

public sealed class ReceiveFaultTests : IAsyncLifetime
{
    private readonly TestEndpoint _endpoint = new();

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    // Whatever the condition, except a stolen link: a receiver that waits is not told.
    [Theory]
    [InlineData(HubConditions.ServerBusy)]
    [InlineData(HubConditions.EntityUpdated)]
    [InlineData(HubConditions.ResourceLimitExceeded)]
    [InlineData(HubConditions.UnauthorizedAccess)]
    public async Task Receive_WhenTheLinkIsDetached_AttachesAgainBehindTheLastEvent(string condition)
    {
        _endpoint.GiveUpAtOnce();
        _endpoint.Fill(0, 1);
        PartitionReceiver receiver = _endpoint.Receiver(EventPosition.Earliest);
        await TestEndpoint.ReceiveAsync(receiver, 1);
        Task<List<EventData>> waiting = TestEndpoint.ReceiveAsync(receiver, 1);

        _endpoint[0].DetachLinks(condition);
        await _endpoint[0].UntilAsync(p => p.Attachments.Count == 2, TestEndpoint.Limit);
        _endpoint[0].Append("after");

        Assert.Equal(1, (await waiting)[0].SequenceNumber);
        Assert.Contains("> 0", _endpoint[0].Attachments[1].Selector);
    }

    [Theory]
    [MemberData(nameof(ClientErrors.All), MemberType = typeof(ClientErrors))]
    public async Task Receive_WhenTheLinkIsRefused_ShowsTheCondition(
        string condition, Type type, EventHubsException.FailureReason? reason)
    {
        _endpoint.GiveUpAtOnce();
        _endpoint.Fill(0, 1);
        _endpoint.Hub.RefusedAttaches.Arm(1, condition);
        PartitionReceiver receiver = _endpoint.Receiver(EventPosition.Earliest);

        ClientErrors.Check(await TestEndpoint.ReceiveErrorAsync(receiver), type, reason);

        Assert.Single(await TestEndpoint.ReceiveAsync(receiver, 1));
    }

    [Fact]
    public async Task Receive_WhenConnectionsAreDropped_GoesOnWithoutAGapOrARepeat()
    {
        _endpoint.Retries.MaximumRetries = 20;
        PartitionReceiver receiver = _endpoint.Receiver(EventPosition.Earliest, prefetch: 20);
        var numbers = new List<long>();
        for (int round = 0; round < 5; round++)
        {
            _endpoint.Fill(0, 100);
            numbers.AddRange((await TestEndpoint.ReceiveAsync(receiver, 50)).Select(e => e.SequenceNumber));
            _endpoint.Endpoint.DropConnections();
        }
        numbers.AddRange((await TestEndpoint.ReceiveAsync(receiver, 250)).Select(e => e.SequenceNumber));

        Assert.Equal(Enumerable.Range(0, 500).Select(i => (long)i), numbers);
    }

    [Fact]
    public async Task Receive_WhenReadsAreStalled_BringsNothingUntilReleased()
    {
        _endpoint.Fill(0, 3);
        _endpoint.Fill(1, 3);
        IDisposable stall = _endpoint[0].StallReads();
        Task<List<EventData>> stalled = TestEndpoint.ReceiveAsync(_endpoint.Receiver(EventPosition.Earliest), 3);
        await _endpoint[0].UntilAsync(p => p.Receivers == 1, TestEndpoint.Limit);

        // Another partition is served meanwhile, and what is appended changes nothing.
        Assert.Equal(3, (await TestEndpoint.ReceiveAsync(_endpoint.Receiver(EventPosition.Earliest, 1), 3)).Count);
        _endpoint[0].Append("x");
        Assert.False(stalled.IsCompleted);
        stall.Dispose();
        stall.Dispose();

        Assert.Equal(3, (await stalled).Count);
    }
}
