using System.Text;
using Azure.Messaging.EventHubs;
using Foretell.FakeHub;
using Foretell.Ingest.Sinks;

namespace Foretell.Ingest.EventHubs.Tests;

/// <summary>The true SDK publishes to a hub, whatever happens to hub and connection.</summary>
public sealed class EventHubSinkTests : IAsyncLifetime
{
    private readonly Hub _hub = new("out", partitions: 3);
    private HubEndpoint _endpoint = null!;
    private EventHubSink _sink = null!;
    private IMessagePublisher _publisher = null!;

    public ValueTask InitializeAsync()
    {
        _endpoint = HubEndpoint.Start(_hub);
        _sink = new EventHubSink("out", EventHubAddress.Parse(_endpoint.ConnectionString, "out"), Retries(3));
        _publisher = _sink.Open();
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _publisher.DisposeAsync();
        await _sink.DisposeAsync();
        await _endpoint.DisposeAsync();
    }

    [Fact]
    public async Task Publish_OfManyKeys_StoresEachOnceInOrderAtThePartitionOfItsKey()
    {
        for (int first = 0; first < 300; first += 100)
        {
            Assert.Empty(await _publisher.PublishAsync(Messages(first, 100), default));
        }

        Assert.Equal(300, _hub.Count);
        foreach (HubPartition partition in _hub.Partitions)
        {
            Assert.All(partition.Events(), e => Assert.Equal(partition, _hub.PartitionFor(e.PartitionKey)));
        }
        foreach (var ofKey in Stored().GroupBy(e => e.PartitionKey))
        {
            int[] numbers = [.. ofKey.Select(e => int.Parse(e.Message.Text))];
            Assert.Equal(numbers.Order(), numbers);
        }
    }

    [Fact]
    public async Task Publish_OfManySmallBatches_NeverWaitsForWhatTheLibraryPassedBy()
    {
        // One in thirty flushes passes by what was just enqueued; where nothing else sent it, this would end in a timeout.
        for (int first = 0; first < 600; first += 3)
        {
            await _publisher.PublishAsync(Messages(first, 3), default);
        }

        Assert.Equal(Enumerable.Range(0, 600), Numbers().Order());
    }

    [Fact]
    public async Task Publish_WhenAcknowledgementsAreLost_LeavesNoDoubles()
    {
        await _publisher.PublishAsync(Messages(0, 30), default);
        _hub.LostAcknowledgements.Arm(2);

        await _publisher.PublishAsync(Messages(30, 30), default);

        Assert.Equal(0, _hub.LostAcknowledgements.Left);
        Assert.Equal(Enumerable.Range(0, 60), Numbers().Order());
    }

    [Fact]
    public async Task Publish_WhenTheLibraryGivesUpOnALostAcknowledgement_LosesNothingOfWhatComesNext()
    {
        await _publisher.PublishAsync(Messages(0, 3), default);
        // Stored all three times, and told to nobody.
        _hub.LostAcknowledgements.Arm(1000);
        SinkException e = await Assert.ThrowsAsync<SinkException>(() => _publisher.PublishAsync(Messages(3, 5), default));
        Assert.Equal(SinkFault.Unavailable, e.Fault);
        _hub.LostAcknowledgements.Arm(0);

        // As many others of the same keys: a hub that took them for the repeats of those that failed would not store them.
        await _publisher.PublishAsync(Messages(101, 5), default);

        Assert.Equal(Enumerable.Range(101, 5), Numbers().Where(n => n >= 100).Order());
    }

    [Fact]
    public async Task Publish_WhenConnectionsAreDropped_LosesNothing()
    {
        for (int round = 0; round < 10; round++)
        {
            Task<IReadOnlyList<RefusedMessage>> publishing = _publisher.PublishAsync(Messages(round * 20, 20), default);
            _endpoint.DropConnections();
            await UntilPublishedAsync(publishing, Messages(round * 20, 20));
        }

        Assert.Equal(Enumerable.Range(0, 200), Numbers().Distinct().Order());
    }

    [Fact]
    public async Task Publish_WhenTheHubIsBusy_SucceedsOnceItIsNot()
    {
        _hub.RefusedSends.Arm(1, HubConditions.ServerBusy);

        await _publisher.PublishAsync(Messages(0, 3), default);

        Assert.Equal(Enumerable.Range(0, 3), Numbers().Order());
    }

    [Fact]
    public async Task Publish_WhenTheHubStaysBusy_SaysSo()
    {
        _hub.RefusedSends.Arm(int.MaxValue, HubConditions.ServerBusy);
        await using IMessagePublisher impatient = Open(_endpoint, "out");

        SinkException e = await Assert.ThrowsAsync<SinkException>(() => impatient.PublishAsync(Messages(0, 3), default));

        Assert.Equal(SinkFault.Unavailable, e.Fault);
        Assert.Contains("throttled", e.Message);
    }

    [Fact]
    public async Task Publish_WhenTheCredentialsAreRefused_SaysWhichRightIsMissing()
    {
        _endpoint.Tokens.RefusesAll = true;
        await using IMessagePublisher impatient = Open(_endpoint, "out");

        SinkException e = await Assert.ThrowsAsync<SinkException>(() => impatient.PublishAsync(Messages(0, 3), default));

        Assert.Equal(SinkFault.Refused, e.Fault);
        Assert.Contains("Data Sender", e.Message);
        Assert.DoesNotContain(TokenPolicy.DefaultKey, e.ToString());

        _endpoint.Tokens.RefusesAll = false;
        Assert.Empty(await impatient.PublishAsync(Messages(0, 3), default));
        Assert.Equal(3, _hub.Count);
    }

    [Fact]
    public async Task Publish_WhenThereIsNoSuchHub_SaysSo()
    {
        await using IMessagePublisher lost = Open(_endpoint, "nowhere");

        SinkException e = await Assert.ThrowsAsync<SinkException>(() => lost.PublishAsync(Messages(0, 1), default));

        Assert.Equal(SinkFault.NotFound, e.Fault);
        Assert.Contains("no hub 'nowhere'", e.Message);
    }

    [Fact]
    public async Task Publish_WhenOneIsTooLarge_LeavesItOutAndTakesTheRest()
    {
        SinkMessage large = new("large", "key-1", "application/octet-stream", new byte[2 << 20]);

        IReadOnlyList<RefusedMessage> refused = await _publisher.PublishAsync([.. Messages(0, 5), large, .. Messages(5, 5)], default);

        Assert.Same(large, Assert.Single(refused).Message);
        Assert.Contains("2097152 bytes", refused[0].Reason);
        Assert.Equal(Enumerable.Range(0, 10), Numbers().Order());
    }

    [Fact]
    public async Task Publish_OfAKeyLongerThanEventHubsTakes_KeepsItsEventsTogether()
    {
        string key = new('k', 500);
        for (int i = 0; i < 3; i++)
        {
            await _publisher.PublishAsync([new SinkMessage($"{i}", key, "text/plain", Encoding.UTF8.GetBytes($"{i}"))], default);
        }

        Assert.Equal([0, 1, 2], Assert.Single(_hub.Partitions, p => p.Count > 0).Events().Select(e => int.Parse(e.Message.Text)));
        Assert.All(Stored(), e => Assert.Equal(64, e.PartitionKey!.Length));
    }

    private static EventHubsRetryOptions Retries(int count) => new()
    {
        Mode = EventHubsRetryMode.Fixed,
        MaximumRetries = count,
        Delay = TimeSpan.FromMilliseconds(20),
        TryTimeout = TimeSpan.FromSeconds(20),
    };

    private static IMessagePublisher Open(HubEndpoint endpoint, string hub) =>
        new EventHubSink("out", EventHubAddress.Parse(endpoint.ConnectionString, hub), Retries(0)).Open();

    private static SinkMessage[] Messages(int first, int count) => [.. Enumerable.Range(first, count)
        .Select(n => new SinkMessage($"id-{n}", $"key-{n % 7}", "text/plain", Encoding.UTF8.GetBytes($"{n}")))];

    private async Task UntilPublishedAsync(Task<IReadOnlyList<RefusedMessage>> publishing, SinkMessage[] messages)
    {
        while (true)
        {
            try
            {
                Assert.Empty(await publishing);
                return;
            }
            catch (SinkException)
            {
                publishing = _publisher.PublishAsync(messages, default);
            }
        }
    }

    private IEnumerable<HubEvent> Stored() => _hub.Partitions.SelectMany(p => p.Events());

    private IEnumerable<int> Numbers() => Stored().Select(e => int.Parse(e.Message.Text));
}
