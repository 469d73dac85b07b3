using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;
using Azure.Messaging.EventHubs.Primitives;

namespace Foretell.FakeHub.Tests;

public sealed class OwnerLevelTests : IAsyncLifetime
{
    private readonly TestEndpoint _endpoint = new();

    public ValueTask InitializeAsync()
    {
        _endpoint.GiveUpAtOnce();
        _endpoint.Fill(0, 1);
        return default;
    }

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    // An equal level takes over as well, but the client may attach again before it sees why it lost its link (ReceiverSetTests).
    [Theory]
    [InlineData(1L, 2L)]
    [InlineData(null, 1L)]
    public async Task Receive_WhenAHigherLevelComes_LosesThePartition(long? level, long newLevel)
    {
        Task<Exception?> waiting = TestEndpoint.ReceiveErrorAsync(await AttachAsync(level, "holder"));

        await AttachAsync(newLevel, "thief");

        var error = Assert.IsType<EventHubsException>(await waiting);
        Assert.Equal((EventHubsException.FailureReason.ConsumerDisconnected, false), (error.Reason, error.IsTransient));
        Assert.Equal(1, _endpoint[0].Receivers);
    }

    [Theory]
    [InlineData(1L, "cannot be created")]
    [InlineData(null, "non-epoch receiver is not allowed")]
    public async Task Receive_WhenAHigherLevelReads_IsRefused(long? level, string text)
    {
        await AttachAsync(2, "holder");

        var error = Assert.IsType<EventHubsException>(
            await TestEndpoint.ReceiveErrorAsync(_endpoint.Receiver(EventPosition.Earliest, level: level)));

        Assert.Equal(EventHubsException.FailureReason.ConsumerDisconnected, error.Reason);
        Assert.Contains(text, error.Message);
        Assert.Equal([null, HubConditions.LinkStolen], _endpoint[0].Attachments.Select(a => a.Refusal));
    }

    [Fact]
    public async Task Receive_WhenTheHolderIsGone_IsLetInWithALowerLevel()
    {
        PartitionReceiver holder = await AttachAsync(2, "holder");
        await holder.CloseAsync();
        await _endpoint[0].UntilAsync(p => p.Receivers == 0, TestEndpoint.Limit);

        await AttachAsync(1, "next");
    }

    [Fact]
    public async Task Receive_WhenASixthComesWithoutALevel_ExceedsTheQuota()
    {
        for (int i = 0; i < 5; i++)
        {
            await AttachAsync(null, $"reader-{i}");
        }

        var error = Assert.IsType<EventHubsException>(
            await TestEndpoint.ReceiveErrorAsync(_endpoint.Receiver(EventPosition.Earliest)));

        Assert.Equal(EventHubsException.FailureReason.QuotaExceeded, error.Reason);
        Assert.Equal(5, _endpoint[0].Receivers);
    }

    private async Task<PartitionReceiver> AttachAsync(long? level, string name)
    {
        PartitionReceiver receiver = _endpoint.Receiver(EventPosition.Earliest, level: level, name: name);
        await TestEndpoint.ReceiveAsync(receiver, 1);
        return receiver;
    }
}
