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
    // A connection that is cut at a bad moment can leave the client library waiting for ever, in a flush as in a close.
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(10), s_closing = TimeSpan.FromSeconds(5);

    /// <summary>Longest partition key that Event Hubs takes, in characters.</summary>
    private const int MaxPartitionKey = 128;

    private readonly ConcurrentDictionary<string, Exception?> _outcomes = new();
    private EventHubConnection? _connection;
    private EventHubBufferedProducerClient? _client;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RefusedMessage>> PublishAsync(IReadOnlyList<SinkMessage> messages, CancellationToken cancellationToken)
    {
        List<RefusedMessage> refused;
        Exception? failure;
        try
        {
            await SendAsync(_client ??= Connect(), messages, cancellationToken).WaitAsync(Limit, cancellationToken);
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

    /// <summary>As long as all tries of the library may take, and some more.</summary>
    private TimeSpan Limit => retry.TryTimeout * (retry.MaximumRetries + 1) + s_slack;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await CloseAsync();

    /// <summary>Sends everything, and returns once the outcome of each is known.</summary>
    private async Task SendAsync(EventHubBufferedProducerClient client, IReadOnlyList<SinkMessage> messages,
        CancellationToken cancellationToken)
    {
        _outcomes.Clear();
        foreach (SinkMessage message in messages)
        {
            var data = new EventData(message.Body) { ContentType = message.ContentType, MessageId = message.Id };
            await client.EnqueueEventAsync(data, new EnqueueEventOptions { PartitionKey = PartitionKey(message.Key) }, cancellationToken);
        }
        await client.FlushAsync(cancellationToken);
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
            if (!_outcomes.TryGetValue(message.Id, out Exception? outcome))
            {
                failure ??= new EventHubsException(true, address.Hub, "The client library did not tell the outcome of a send.");
            }
            else if (outcome is EventHubsException { Reason: EventHubsException.FailureReason.MessageSizeExceeded })
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
            // One batch after the other, so that events of one partition keep their order. Nothing goes before it is flushed.
            MaximumConcurrentSendsPerPartition = 1,
            MaximumWaitTime = null,
        });
        client.SendEventBatchSucceededAsync += sent => Note(sent.EventBatch, null);
        client.SendEventBatchFailedAsync += lost => Note(lost.EventBatch, lost.Exception);
        return client;
    }

    private Task Note(IEnumerable<EventData> events, Exception? outcome)
    {
        foreach (EventData data in events)
        {
            _outcomes[data.MessageId] = outcome;
        }
        return Task.CompletedTask;
    }

    private async Task CloseAsync()
    {
        if (_client is { } client)
        {
            _client = null;
            try
            {
                await CloseAsync(client, _connection!).WaitAsync(s_closing);
            }
            catch (Exception e) when (e is EventHubsException or OperationCanceledException or TimeoutException
                or System.Net.Sockets.SocketException)
            {
                // Of links that are broken already.
            }
        }
    }

    private static async Task CloseAsync(EventHubBufferedProducerClient client, EventHubConnection connection)
    {
        try
        {
            await client.CloseAsync(flush: false);
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    // A key that is too long still decides on the partition, by its hash.
    private static string PartitionKey(string key) =>
        key.Length <= MaxPartitionKey ? key : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
