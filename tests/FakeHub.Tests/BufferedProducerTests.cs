using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;

namespace Foretell.FakeHub.Tests;

public sealed class BufferedProducerTests : IAsyncLifetime
{
    private const int Events = 200;

    private readonly TestEndpoint _endpoint = new();

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    [Fact]
    public async Task Enqueue_WhenKeysAreMany_FindsTheSamePartitionsAsTheHub()
    {
        (int acknowledged, int failed) = await SendAsync(isIdempotent: false, lostAcknowledgements: 0);

        Assert.Equal((Events, 0), (acknowledged, failed));
        Assert.All(_endpoint.Hub.Partitions, partition =>
        {
            Assert.NotEqual(0, partition.Count);
            Assert.All(partition.Events(), e => Assert.Equal(partition, _endpoint.Hub.PartitionFor(e.PartitionKey)));
        });
    }

    [Fact]
    public async Task Enqueue_WhenAcknowledgementsAreLostAndRetriesAreIdempotent_LeavesNoDoubles()
    {
        (int acknowledged, int failed) = await SendAsync(isIdempotent: true, lostAcknowledgements: 3);

        Assert.Equal((Events, 0), (acknowledged, failed));
        Assert.Equal(0, _endpoint.Hub.LostAcknowledgements.Left);
        Assert.Equal(Events, _endpoint.Hub.Count);
        Assert.Equal(Events, Stored().Distinct().Count());
    }

    [Fact]
    public async Task Enqueue_WhenAcknowledgementsAreLostAndRetriesAreNot_LeavesDoubles()
    {
        (int acknowledged, int failed) = await SendAsync(isIdempotent: false, lostAcknowledgements: 3);

        Assert.Equal((Events, 0), (acknowledged, failed));
        Assert.True(_endpoint.Hub.Count > Events);
        Assert.Equal(Events, Stored().Distinct().Count());
    }

    [Fact]
    public async Task Enqueue_WhenIdempotent_HidesTheProducersNumbersFromReaders()
    {
        await SendAsync(isIdempotent: true, lostAcknowledgements: 0);

        EventData received = (await TestEndpoint.ReceiveAsync(
            _endpoint.Receiver(Azure.Messaging.EventHubs.Consumer.EventPosition.Earliest), 1))[0];

        Assert.DoesNotContain(received.SystemProperties.Keys, name => name.Contains("producer"));
    }

    private IEnumerable<string> Stored() => _endpoint.Hub.Partitions.SelectMany(p => p.Events()).Select(e => e.Message.Text);

    private async Task<(int Acknowledged, int Failed)> SendAsync(bool isIdempotent, int lostAcknowledgements)
    {
        int acknowledged = 0, failed = 0;
        EventHubBufferedProducerClient producer = _endpoint.BufferedProducer(isIdempotent);
        producer.SendEventBatchSucceededAsync += sent =>
        {
            Interlocked.Add(ref acknowledged, sent.EventBatch.Count);
            return Task.CompletedTask;
        };
        producer.SendEventBatchFailedAsync += lost =>
        {
            Interlocked.Add(ref failed, lost.EventBatch.Count);
            return Task.CompletedTask;
        };
        for (int i = 0; i < Events; i++)
        {
            if (i == Events / 2)
            {
                await producer.FlushAsync();
                _endpoint.Hub.LostAcknowledgements.Arm(lostAcknowledgements);
            }
            await producer.EnqueueEventAsync(new EventData($"{i}"), new EnqueueEventOptions { PartitionKey = $"stream-{i}" });
        }
        await producer.FlushAsync();
        return (acknowledged, failed);
    }
}
