using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;
using Foretell.Ingest.Sinks;

namespace Foretell.Ingest.EventHubs;

/// <summary>Publishes to a hub; the partition key is the message's key.</summary>
/// <remarks>
/// A send whose acknowledgement is lost is sent again by the client library, with the number that it had (idempotent retries), and the hub
/// drops the repeat. Behind a failure the client is closed: some of the messages may wait in its buffer still, and which of its numbers the
/// hub knows is in doubt.
/// </remarks>
internal sealed class EventHubPublisher(EventHubAddress address, EventHubsRetryOptions retry) : IMessagePublisher
{
    // A flush sends at once what it finds. Now and then it passes by what was just enqueued, and without this limit, nothing ever sends
    // it (3 of 90 flushes). Much shorter, and the library gives up on a batch before it has read an event.
    private static readonly TimeSpan s_maxWait = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest partition key that Event Hubs takes, in characters.</summary>
    private const int MaxPartitionKey = 128;

    private Outcomes _outcomes = new(0);
    private EventHubConnection? _connection;
    private EventHubBufferedProducerClient? _client;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RefusedMessage>> PublishAsync(IReadOnlyList<SinkMessage> messages, CancellationToken cancellationToken)
    {
        List<RefusedMessage> refused;
        Exception? failure;
        try
        {
            await SendAsync(_client ??= Connect(), messages, cancellationToken).WaitAsync(EventHubFault.Limit(retry), cancellationToken);
            refused = Outcome(messages, out failure);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await CloseAsync();
            throw;
        }
        catch (Exception e)
        {
            (refused, failure) = ([], e);
        }
        if (failure is not null)
        {
            await CloseAsync();
            throw EventHubSinkFault.Of(address, failure);
        }
        return refused;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await CloseAsync();

    /// <summary>Sends everything, and returns once the outcome of each is known.</summary>
    private async Task SendAsync(EventHubBufferedProducerClient client, IReadOnlyList<SinkMessage> messages,
        CancellationToken cancellationToken)
    {
        Outcomes outcomes = _outcomes = new Outcomes(messages.Count);
        foreach (SinkMessage message in messages)
        {
            var data = new EventData(message.Body) { ContentType = message.ContentType, MessageId = message.Id };
            await client.EnqueueEventAsync(data, new EnqueueEventOptions { PartitionKey = PartitionKey(message.Key) }, cancellationToken);
        }
        await client.FlushAsync(cancellationToken);
        // Told beside the flush, not before it ends.
        await outcomes.AllKnown;
    }

    /// <summary>What became of the messages.</summary>
    /// <param name="messages">All that were sent.</param>
    /// <param name="failure">Why some were not acknowledged, or null.</param>
    /// <returns>Those that are too large for the hub.</returns>
    private List<RefusedMessage> Outcome(IReadOnlyList<SinkMessage> messages, out Exception? failure)
    {
        var refused = new List<RefusedMessage>();
        failure = null;
        foreach (SinkMessage message in messages)
        {
            Exception? outcome = _outcomes.Of(message.Id);
            if (outcome is EventHubsException { Reason: EventHubsException.FailureReason.MessageSizeExceeded })
            {
                refused.Add(new RefusedMessage(message, $"it has {message.Body.Length} bytes, more than {address} takes in one event."));
            }
            else
            {
                failure ??= outcome;
            }
        }
        return refused;
    }

    private EventHubBufferedProducerClient Connect()
    {
        _connection = address.Connect();
        var client = new EventHubBufferedProducerClient(_connection, new EventHubBufferedProducerClientOptions
        {
            EnableIdempotentRetries = true,
            RetryOptions = retry,
            // One batch after the other, so that events of one partition keep their order.
            MaximumConcurrentSendsPerPartition = 1,
            MaximumWaitTime = s_maxWait,
        });
        client.SendEventBatchSucceededAsync += sent => Note(client, sent.EventBatch, null);
        client.SendEventBatchFailedAsync += lost => Note(client, lost.EventBatch, lost.Exception);
        return client;
    }

    private Task Note(EventHubBufferedProducerClient client, IEnumerable<EventData> events, Exception? outcome)
    {
        // One that was given up on has nothing more to say.
        if (ReferenceEquals(client, _client))
        {
            _outcomes.Note(events, outcome);
        }
        return Task.CompletedTask;
    }

    private async Task CloseAsync()
    {
        if (_client is { } client)
        {
            _client = null;
            await EventHubFault.CloseAsync(new ValueTask(client.CloseAsync(flush: false)));
            await EventHubFault.CloseAsync(_connection!.DisposeAsync());
        }
    }

    // A key that is too long still decides on the partition, by its hash.
    private static string PartitionKey(string key) =>
        key.Length <= MaxPartitionKey ? key : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>What became of the messages of one send, as the library's handlers tell it.</summary>
    private sealed class Outcomes(int count)
    {
        private readonly ConcurrentDictionary<string, Exception?> _known = new();
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task AllKnown => _all.Task;

        public void Note(IEnumerable<EventData> events, Exception? outcome)
        {
            foreach (EventData data in events)
            {
                _known[data.MessageId] = outcome;
            }
            if (_known.Count >= count)
            {
                _all.TrySetResult();
            }
        }

        public Exception? Of(string id) => _known[id];
    }
}
