using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;

namespace Foretell.FakeHub.Tests;

public sealed class SendingTests : IAsyncLifetime
{
    private readonly TestEndpoint _endpoint = new();

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    [Fact]
    public async Task Send_WhenAPartitionIsNamed_AppendsThereInOrder()
    {
        EventHubProducerClient producer = _endpoint.Producer();

        await producer.SendAsync(TestEndpoint.Bodies("a", "b", "c"), TestEndpoint.To(2));
        await producer.SendAsync(TestEndpoint.Bodies("d"), TestEndpoint.To(2));

        Assert.Equal(["a", "b", "c", "d"], _endpoint[2].Events().Select(e => e.Message.Text));
        Assert.Equal([0, 1, 2, 3], _endpoint[2].Events().Select(e => e.SequenceNumber));
        Assert.Equal(4, _endpoint.Hub.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Send_WhenAKeyIsGiven_AppendsWhereTheKeyBelongs(int count)
    {
        string[] bodies = [.. Enumerable.Range(0, count).Select(i => i.ToString())];

        await _endpoint.Producer().SendAsync(TestEndpoint.Bodies(bodies), new SendEventOptions { PartitionKey = "stream-42" });

        HubPartition partition = _endpoint.Hub.PartitionFor("stream-42");
        Assert.Equal(6486 % 4, partition.Id);
        Assert.Equal(bodies, partition.Events().Select(e => e.Message.Text));
        Assert.All(partition.Events(), e => Assert.Equal("stream-42", e.PartitionKey));
    }

    [Fact]
    public async Task Send_WhenThereIsNoKey_TakesThePartitionsInTurn()
    {
        EventHubProducerClient producer = _endpoint.Producer();
        for (int i = 0; i < 8; i++)
        {
            await producer.SendAsync(TestEndpoint.Bodies("x"));
        }

        Assert.Equal([2, 2, 2, 2], _endpoint.Hub.Partitions.Select(p => p.Count));
    }

    [Fact]
    public async Task Send_WhenABatchIsFull_TakesAllOfIt()
    {
        EventHubProducerClient producer = _endpoint.Producer();
        using EventDataBatch batch = await producer.CreateBatchAsync(new CreateBatchOptions { PartitionId = "0" });
        Assert.Equal(_endpoint.Hub.MaxMessageBytes, batch.MaximumSizeInBytes);
        while (batch.TryAdd(new EventData(new byte[1000])))
        {
        }

        await producer.SendAsync(batch);

        Assert.InRange(batch.Count, 900, 1048);
        Assert.Equal(batch.Count, _endpoint[0].Count);
        Assert.False(batch.TryAdd(new EventData(new byte[2_000_000])));
    }

    [Fact]
    public async Task Send_WhenAnEventIsTooLarge_FailsInTheClient()
    {
        var error = await Assert.ThrowsAsync<EventHubsException>(
            () => _endpoint.Producer().SendAsync([new EventData(new byte[2_000_000])]));

        Assert.Equal(EventHubsException.FailureReason.MessageSizeExceeded, error.Reason);
        Assert.Equal(0, _endpoint.Hub.Count);
    }

    [Fact]
    public async Task Send_WhenTheHubTakesLess_TellsTheClientHowMuch()
    {
        await using var small = new TestEndpoint(new Hub("small") { MaxMessageBytes = 4096 });

        using EventDataBatch batch = await small.Producer().CreateBatchAsync();

        Assert.Equal(4096, batch.MaximumSizeInBytes);
    }

    [Fact]
    public async Task Send_WhenTheHubIsUnknown_SaysSo()
    {
        _endpoint.GiveUpAtOnce();

        var error = await Assert.ThrowsAsync<EventHubsException>(
            () => _endpoint.Producer("nobody").SendAsync(TestEndpoint.Bodies("x")));

        Assert.Equal(EventHubsException.FailureReason.ResourceNotFound, error.Reason);
    }

    [Fact]
    public async Task Send_WhenThePartitionIsUnknown_SaysSo()
    {
        _endpoint.GiveUpAtOnce();

        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => _endpoint.Producer().SendAsync(TestEndpoint.Bodies("x"), TestEndpoint.To(77)));

        Assert.Contains("between 0 and 3", error.Message);
    }

    [Fact]
    public async Task Send_WhenTwoHubsShareTheEndpoint_KeepsThemApart()
    {
        var other = new Hub("other", 1);
        _endpoint.Endpoint.Add(other);

        await _endpoint.Producer("other").SendAsync(TestEndpoint.Bodies("x"));
        await _endpoint.Producer("EVENTS").SendAsync(TestEndpoint.Bodies("y"));

        Assert.Equal("x", Assert.Single(other.Partitions[0].Events()).Message.Text);
        Assert.Equal(1, _endpoint.Hub.Count);
        Assert.Throws<ArgumentException>(() => _endpoint.Endpoint.Add(new Hub("Other")));
    }
}
