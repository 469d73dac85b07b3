using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;

namespace Foretell.FakeHub.Tests;

public sealed class SendFaultTests : IAsyncLifetime
{
    private readonly TestEndpoint _endpoint = new();

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    [Theory]
    [MemberData(nameof(ClientErrors.All), MemberType = typeof(ClientErrors))]
    public async Task Send_WhenRefused_ShowsTheCondition(string condition, Type type, EventHubsException.FailureReason? reason)
    {
        _endpoint.GiveUpAtOnce();
        EventHubProducerClient producer = _endpoint.Producer();
        _endpoint.Hub.RefusedSends.Arm(1, condition);

        Exception? error = await Record.ExceptionAsync(() => producer.SendAsync(TestEndpoint.Bodies("x"), TestEndpoint.To(0)));

        ClientErrors.Check(error, type, reason);
        Assert.Equal(0, _endpoint.Hub.Count);
        await producer.SendAsync(TestEndpoint.Bodies("y"), TestEndpoint.To(0));
        Assert.Equal(1, _endpoint.Hub.Count);
    }

    [Fact]
    public async Task Send_WhenRefusedForATransientReason_IsTriedAgain()
    {
        EventHubProducerClient producer = _endpoint.Producer();
        _endpoint.Hub.RefusedSends.Arm(2, HubConditions.Timeout);

        await producer.SendAsync(TestEndpoint.Bodies("x"));

        Assert.Equal((0, 1), (_endpoint.Hub.RefusedSends.Left, _endpoint.Hub.Count));
    }

    [Fact]
    public async Task Send_WhenTheServerIsBusy_IsTriedAgain()
    {
        EventHubProducerClient producer = _endpoint.Producer();
        _endpoint.Hub.RefusedSends.Arm(1, HubConditions.ServerBusy);

        await producer.SendAsync(TestEndpoint.Bodies("x"));

        Assert.Equal(1, _endpoint.Hub.Count);
    }

    [Fact]
    public async Task Send_WhenItsAcknowledgementIsLost_IsInTheLogTwice()
    {
        EventHubProducerClient producer = _endpoint.Producer();
        _endpoint.Hub.LostAcknowledgements.Arm(1);

        await producer.SendAsync(TestEndpoint.Bodies("a", "b"), TestEndpoint.To(0));

        Assert.Equal(["a", "b", "a", "b"], _endpoint[0].Events().Select(e => e.Message.Text));
    }

    [Fact]
    public async Task Send_WhenEveryConnectionIsDropped_ConnectsAgain()
    {
        EventHubProducerClient producer = _endpoint.Producer();
        await producer.SendAsync(TestEndpoint.Bodies("a"), TestEndpoint.To(0));

        _endpoint.Endpoint.DropConnections();
        await producer.SendAsync(TestEndpoint.Bodies("b"), TestEndpoint.To(0));

        Assert.Equal(["a", "b"], _endpoint[0].Events().Select(e => e.Message.Text));
    }

    [Fact]
    public async Task Send_WhenItsLinkIsDetached_AttachesAgain()
    {
        EventHubProducerClient producer = _endpoint.Producer();
        await producer.SendAsync(TestEndpoint.Bodies("a"), TestEndpoint.To(0));
        await producer.SendAsync(TestEndpoint.Bodies("a"));
        Assert.Equal(1, _endpoint[0].Senders);

        _endpoint.Hub.DetachLinks(HubConditions.EntityUpdated);
        await _endpoint[0].UntilAsync(p => p.Senders == 0, TestEndpoint.Limit);
        await producer.SendAsync(TestEndpoint.Bodies("b"), TestEndpoint.To(0));
        await producer.SendAsync(TestEndpoint.Bodies("b"));

        Assert.Equal(4, _endpoint.Hub.Count);
    }

    [Theory]
    [InlineData(HubConditions.ResourceLimitExceeded, EventHubsException.FailureReason.QuotaExceeded)]
    [InlineData(HubConditions.ServerBusy, EventHubsException.FailureReason.ServiceBusy)]
    public async Task Send_WhenTheLinkIsRefused_ShowsTheCondition(string condition, EventHubsException.FailureReason reason)
    {
        _endpoint.GiveUpAtOnce();
        _endpoint.Hub.RefusedAttaches.Arm(1, condition);
        EventHubProducerClient producer = _endpoint.Producer();

        var error = await Assert.ThrowsAsync<EventHubsException>(() => producer.SendAsync(TestEndpoint.Bodies("x")));

        Assert.Equal(reason, error.Reason);
        await producer.SendAsync(TestEndpoint.Bodies("x"));
        Assert.Equal(1, _endpoint.Hub.Count);
    }

    [Fact]
    public async Task Send_WhenTheHubIsRemoved_DoesNotFindIt()
    {
        _endpoint.GiveUpAtOnce();
        EventHubProducerClient producer = _endpoint.Producer();
        await producer.SendAsync(TestEndpoint.Bodies("x"), TestEndpoint.To(0));

        _endpoint.Endpoint.Remove(_endpoint.Hub);
        await _endpoint[0].UntilAsync(p => p.Senders == 0, TestEndpoint.Limit);

        var error = await Assert.ThrowsAsync<EventHubsException>(
            () => producer.SendAsync(TestEndpoint.Bodies("x"), TestEndpoint.To(0)));
        Assert.Equal(EventHubsException.FailureReason.ResourceNotFound, error.Reason);
    }
}
