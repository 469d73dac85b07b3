using System.Collections.Concurrent;
using System.Diagnostics;
using Confluent.Kafka;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Sources;

namespace Foretell.Ingest.Kafka;

/// <summary>Reads one partition with a consumer and a thread of its own.</summary>
/// <remarks>
/// librdkafka hands messages over to a caller that waits in it; it has no signal that a task could await. So a thread waits, and it is one
/// that nobody else needs: waits of dozens of partitions would use up the shared ones. Beside it librdkafka has four for each consumer
/// and one more for each further broker it talks to: 32 partitions are 160 threads, which sleep unless messages come. One consumer for all
/// partitions would save most of them. It would need a queue and a pause for each partition, so that one that is not read does not hold
/// the others up, and what was fetched is thrown away when a partition pauses; one each has its own share of memory and its own failures.
/// </remarks>
internal sealed class KafkaReader : IMessageReader
{
    private const long Unknown = long.MinValue;

    // An idle partition is given up on so often, for its caller to look around.
    private static readonly TimeSpan s_maxWait = TimeSpan.FromSeconds(1);

    // How long a cancelled read goes on to wait: librdkafka's own waits cannot be cut short.
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(100);

    private readonly KafkaAddress _address;
    private readonly KafkaOptions _options;
    private readonly IConsumer<byte[]?, byte[]?> _consumer;
    private readonly BlockingCollection<Request> _requests = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _readThrough = Unknown;

    public KafkaReader(KafkaAddress address, KafkaOptions options, int partitions, TopicPartitionOffset from)
    {
        (_address, _options) = (address, options);
        _consumer = KafkaClient.Consumer(address, options, partitions);
        _consumer.Assign(from);
        new Thread(Run) { IsBackground = true, Name = $"foretell-kafka-{from.Partition.Value}" }.Start();
    }

    /// <inheritdoc/>
    public long? ReadThrough => Interlocked.Read(ref _readThrough) is var through and not Unknown ? through : null;

    /// <inheritdoc/>
    public Task ReadAsync(List<BrokerMessage> into, int maximum, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_requests.IsAddingCompleted, this);
        var request = new Request(into, maximum, cancellationToken,
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _requests.Add(request, CancellationToken.None);
        return request.Done.Task;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _requests.CompleteAdding();
        await _ended.Task;
    }

    private void Run()
    {
        foreach (Request request in _requests.GetConsumingEnumerable())
        {
            try
            {
                Fill(request);
                request.Done.SetResult();
            }
            catch (OperationCanceledException)
            {
                request.Done.SetCanceled(request.Cancellation);
            }
            catch (Exception e)
            {
                request.Done.SetException(KafkaFault.Of(_address, e));
            }
        }
        try
        {
            _consumer.Dispose();
        }
        catch (KafkaException)
        {
            // Of a connection that is broken already.
        }
        _ended.SetResult();
    }

    /// <summary>Takes what lies ready; where nothing does, waits for a first message.</summary>
    private void Fill(Request request)
    {
        List<BrokerMessage> into = request.Into;
        into.Clear();
        long bytes = 0, begun = Stopwatch.GetTimestamp();
        while (into.Count < request.Maximum && bytes < _options.ReadBytes)
        {
            if (into.Count == 0)
            {
                request.Cancellation.ThrowIfCancellationRequested();
            }
            ConsumeResult<byte[]?, byte[]?>? result = Consume(into.Count == 0 ? s_slice : TimeSpan.Zero);
            if (result is { IsPartitionEOF: false })
            {
                into.Add(KafkaMessage.Of(result.Offset.Value, result.Message));
                bytes += (result.Message.Value?.Length ?? 0) + (result.Message.Key?.Length ?? 0);
                continue;
            }
            if (result is not null)
            {
                // Its offset is the next one wanted: before it are messages and what is none.
                Interlocked.Exchange(ref _readThrough, result.Offset.Value - 1);
            }
            if (into.Count > 0 || _requests.IsAddingCompleted || Stopwatch.GetElapsedTime(begun) >= s_maxWait)
            {
                return;
            }
        }
    }

    private ConsumeResult<byte[]?, byte[]?>? Consume(TimeSpan wait)
    {
        try
        {
            return _consumer.Consume(wait);
        }
        catch (ConsumeException e) when (e.Error.Code is ErrorCode.GroupAuthorizationFailed or ErrorCode.GroupCoordinatorNotAvailable)
        {
            // The library looks for its group's coordinator by itself. No group is used, so that no right to one is needed.
            return null;
        }
        catch (ConsumeException e) when (e.Error.Code
            is ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_TimedOut)
        {
            // It connects again by itself, behind the last message handed over. Whether brokers answer at all is asked beside the reading.
            return null;
        }
    }

    private sealed record Request(List<BrokerMessage> Into, int Maximum, CancellationToken Cancellation, TaskCompletionSource Done);
}
