using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;
using Azure.Messaging.EventHubs.Primitives;
using Azure.Messaging.EventHubs.Producer;

namespace Foretell.FakeHub.Tests;

/// <summary>A hub behind an endpoint, and the SDK's own clients for it.</summary>
internal sealed class TestEndpoint : IAsyncDisposable
{
    /// <summary>Longest wait of a test for something that must come, on a busy machine.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait of one call to receive. Short, since the SDK does not connect again before it is over: a receiver
    /// whose connection is lost while it waits sleeps through the rest of the wait.</summary>
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(250);

    private readonly List<IAsyncDisposable> _clients = [];

    public TestEndpoint(Hub? hub = null, HubEndpointOptions? options = null)
    {
        Hub = hub ?? new Hub("events");
        Endpoint = HubEndpoint.Start(Hub, options);
    }

    public Hub Hub { get; }

    public HubEndpoint Endpoint { get; }

    public HubPartition this[int partition] => Hub.Partitions[partition];

    /// <summary>Quick retries: what is tested here comes back at once, if at all.</summary>
    public EventHubsRetryOptions Retries { get; } = new()
    {
        Mode = EventHubsRetryMode.Fixed, MaximumRetries = 5, Delay = TimeSpan.FromMilliseconds(20), TryTimeout = TimeSpan.FromSeconds(20),
    };

    public EventHubConnectionOptions Connection { get; } = new();

    /// <summary>Error as the client shows it when every retry has failed.</summary>
    public void GiveUpAtOnce() => Retries.MaximumRetries = 0;

    public EventHubProducerClient Producer(string? hub = null) => Keep(new EventHubProducerClient(Endpoint.ConnectionString,
        hub ?? Hub.Name, new EventHubProducerClientOptions { ConnectionOptions = Connection, RetryOptions = Retries }));

    public EventHubConsumerClient Consumer(string group = "$Default") => Keep(new EventHubConsumerClient(group,
        Endpoint.ConnectionString, Hub.Name, new EventHubConsumerClientOptions { ConnectionOptions = Connection, RetryOptions = Retries }));

    public EventHubBufferedProducerClient BufferedProducer(bool isIdempotent) => Keep(new EventHubBufferedProducerClient(
        Endpoint.ConnectionString, Hub.Name, new EventHubBufferedProducerClientOptions
        {
            ConnectionOptions = Connection,
            RetryOptions = Retries,
            EnableIdempotentRetries = isIdempotent,
            MaximumWaitTime = TimeSpan.FromMilliseconds(5),
        }));

    public PartitionReceiver Receiver(
        EventPosition from, int partition = 0, long? level = null, string? name = null, string group = "$Default", int prefetch = 300) =>
        Keep(new PartitionReceiver(group, partition.ToString(), from, Endpoint.ConnectionString, Hub.Name, new PartitionReceiverOptions
        {
            ConnectionOptions = Connection,
            RetryOptions = Retries,
            OwnerLevel = level,
            Identifier = name,
            PrefetchCount = prefetch,
        }));

    /// <summary>Receives until there are enough.</summary>
    public static async Task<List<EventData>> ReceiveAsync(PartitionReceiver receiver, int count)
    {
        using var deadline = new CancellationTokenSource(Limit);
        var events = new List<EventData>();
        while (events.Count < count)
        {
            events.AddRange(await receiver.ReceiveBatchAsync(count - events.Count, s_wait, deadline.Token));
        }
        return events;
    }

    /// <summary>What the client throws when it receives.</summary>
    public static async Task<Exception?> ReceiveErrorAsync(PartitionReceiver receiver)
    {
        using var deadline = new CancellationTokenSource(Limit);
        return await Record.ExceptionAsync(async () =>
        {
            while (true)
            {
                await receiver.ReceiveBatchAsync(100, s_wait, deadline.Token);
            }
        });
    }

    public static SendEventOptions To(int partition) => new() { PartitionId = partition.ToString() };

    public static EventData[] Bodies(params string[] bodies) => [.. bodies.Select(body => new EventData(body))];

    /// <summary>Fills a partition with events named by their place: "0", "1", and so on.</summary>
    public void Fill(int partition, int count)
    {
        for (int i = 0; i < count; i++)
        {
            this[partition].Append(i.ToString());
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable client in _clients)
        {
            await client.DisposeAsync();
        }
        await Endpoint.DisposeAsync();
    }

    public T Keep<T>(T client) where T : IAsyncDisposable
    {
        _clients.Add(client);
        return client;
    }
}
