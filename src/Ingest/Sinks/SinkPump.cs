using System.Threading.Channels;
using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Microsoft.Extensions.Logging;

namespace Foretell.Ingest.Sinks;

/// <summary>Publishes one feed of the platform to a sink, in its order, through any failure, each item at least once.</summary>
/// <remarks>
/// The log keeps the place of the last item that the broker acknowledged, as it keeps what was read of sources: whoever takes the feed
/// over gets the next epoch and goes on there, and the one before it moves the place no more. What was published and not yet noted is
/// published again, with the same id.
/// </remarks>
public sealed partial class SinkPump
{
    // A fault that something follows from; each is also a metric's dimension.
    private const string Taken = "taken", Platform = "platform", Unexpected = "unexpected", Gone = "gone", Refused = "refused";

    private static readonly string[] s_faults = [.. Enum.GetValues<SinkFault>().Select(NameOf), Taken, Platform, Unexpected];

    private readonly IMessageSink _sink;
    private readonly ISinkFeed _feed;
    private readonly ISourceLog _log;
    private readonly SinkOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SourcePartition _partition;
    private readonly KeyValuePair<string, object?> _tag;
    private readonly List<SinkMessage> _messages = [];
    private readonly EventBatch _noEvents = new();
    private SinkProgress _progress;

    /// <param name="sink">Where to.</param>
    /// <param name="feed">What.</param>
    /// <param name="log">Keeps the place.</param>
    /// <param name="options">How to publish.</param>
    /// <param name="time">Clock of waits.</param>
    /// <param name="logger">Told of failures and of what is missing.</param>
    public SinkPump(IMessageSink sink, ISinkFeed feed, ISourceLog log, SinkOptions options, TimeProvider time, ILogger logger)
    {
        (_sink, _feed, _log, _options, _time, _logger) = (sink, feed, log, options, time, logger);
        _partition = new SourcePartition(AlertRetention.SinkPrefix + sink.Name, feed.Name);
        _tag = new("foretell.sink", sink.Name);
        _progress = new SinkProgress(_partition, -1, 0, 0, null);
        // A counter that begins with what it counts first shows no increase by it.
        Telemetry.SinkPublished.Add(0, _tag);
        Array.ForEach(s_faults, fault => Telemetry.SinkRetries.Add(0, _tag, new("foretell.reason", fault)));
        Array.ForEach([Gone, Refused], reason => Telemetry.SinkMissed.Add(0, _tag, new("foretell.reason", reason)));
    }

    /// <summary>Where the publishing stands.</summary>
    public SinkProgress Progress => Volatile.Read(ref _progress);

    /// <summary>Publishes until told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await using IMessagePublisher publisher = _sink.Open();
        TimeSpan delay = _options.RetryDelay;
        while (!stop.IsCancellationRequested)
        {
            long before = Progress.Published;
            string? fault = null;
            try
            {
                await FollowAsync(publisher, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                fault = Failed(e);
            }
            delay = Progress.Published > before ? _options.RetryDelay : delay;
            await Task.Delay(fault == Taken ? _options.RetakeDelay : delay, _time, stop)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = _options.NextDelay(delay);
        }
    }

    /// <summary>One life of a publisher.</summary>
    private async Task FollowAsync(IMessagePublisher publisher, CancellationToken stop)
    {
        SourceState held = await _log.TakeSourceAsync(_partition, stop);
        SinkPlace? place = held.Number is { } number ? new SinkPlace(held.Identity, number) : null;
        Update(p => p with { Number = place?.Number ?? -1 });
        using var life = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var queue = Channel.CreateBounded<SinkItem>(_options.QueueSize);
        // The feed is read beside the publishing: a subscription that nobody reads loses items while the broker is slow.
        Task reading = Background.Run(() => ReadAsync(place, queue.Writer, life.Token));
        try
        {
            bool stands = false;
            while (await queue.Reader.WaitToReadAsync(stop))
            {
                if (!stands)
                {
                    stands = true;
                    Recovered();
                }
                SinkPlace? reached = Fill(queue.Reader);
                await PublishAsync(publisher, stop);
                place = await KeepAsync(held.Epoch, place, reached, stop);
            }
            await reading;
        }
        finally
        {
            await life.CancelAsync();
            await Background.EndedAsync(reading);
        }
    }

    private async Task ReadAsync(SinkPlace? after, ChannelWriter<SinkItem> queue, CancellationToken stop)
    {
        try
        {
            await foreach (SinkItem item in _feed.ReadAsync(after, stop))
            {
                await queue.WriteAsync(item, stop);
            }
        }
        finally
        {
            queue.TryComplete();
        }
    }

    /// <summary>Takes what waits, a batch at most.</summary>
    /// <returns>Place to go on behind once it is published.</returns>
    private SinkPlace? Fill(ChannelReader<SinkItem> queue)
    {
        SinkPlace? reached = null;
        _messages.Clear();
        while (_messages.Count < _options.BatchSize && queue.TryRead(out SinkItem item))
        {
            if (item.Missed != 0)
            {
                Missed(item.Missed, Gone, item.Missed is { } count ? $"{count} items were gone from the feed before they were published."
                    : "What was published last is not known to the feed any more: everything that it holds is published again, and nobody knows how many are missing.");
            }
            if (item.Message is not null)
            {
                _messages.Add(item.Message);
            }
            reached = item.Place ?? reached;
        }
        return reached;
    }

    /// <summary>Tries until the broker has acknowledged the batch.</summary>
    private async Task PublishAsync(IMessagePublisher publisher, CancellationToken stop)
    {
        TimeSpan delay = _options.RetryDelay;
        while (_messages.Count > 0)
        {
            try
            {
                IReadOnlyList<RefusedMessage> refused = await publisher.PublishAsync(_messages, stop);
                foreach (RefusedMessage message in refused)
                {
                    Missed(1, Refused, $"Message {message.Message.Id} is left out: {message.Reason}");
                }
                long published = _messages.Count - refused.Count;
                Telemetry.SinkPublished.Add(published, _tag);
                Update(p => p with { Published = p.Published + published });
                Recovered();
                return;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception e)
            {
                Failed(e);
            }
            await Task.Delay(delay, _time, stop);
            delay = _options.NextDelay(delay);
        }
    }

    /// <summary>Notes how far the broker has acknowledged. Never before: a crash in between repeats, and repeats are harmless.</summary>
    private async Task<SinkPlace?> KeepAsync(long epoch, SinkPlace? place, SinkPlace? reached, CancellationToken stop)
    {
        if (reached is not { } next || next == place)
        {
            return place;
        }
        await _log.AppendSourceAsync(_noEvents, new SourceAdvance(_partition, epoch, place?.Number, next.Number, next.Feed), stop);
        Update(p => p with { Number = next.Number });
        return next;
    }

    private static string NameOf(SinkFault fault) => fault.ToString().ToLowerInvariant();

    private void Missed(long? count, string reason, string what)
    {
        // Of an unknown number one at least is missing, and a counter that stands still tells nobody.
        Telemetry.SinkMissed.Add(count ?? 1, _tag, new("foretell.reason", reason));
        Update(p => p with { Missed = p.Missed + (count ?? 1) });
        LogMissed(_feed.Name, _sink.Description, what);
    }

    private void Update(Func<SinkProgress, SinkProgress> change) => Volatile.Write(ref _progress, change(_progress));

    /// <summary>Counts a failure, and tells it; the same again and again is told once.</summary>
    /// <returns>What kind it is.</returns>
    private string Failed(Exception e)
    {
        string fault = e switch
        {
            SinkException known => NameOf(known.Fault),
            SourceTakenException => Taken,
            PlatformUnavailableException => Platform,
            _ => Unexpected,
        };
        Telemetry.SinkRetries.Add(1, _tag, new("foretell.reason", fault));
        string problem = fault == Taken ? $"Another publisher has taken over {_feed.Name} for {_sink.Description}."
            : $"{_feed.Name} cannot be published to {_sink.Description} now: {e.Message}";
        if (Progress.Problem != problem)
        {
            LogProblem(problem, fault == Unexpected ? e : null);
        }
        Update(p => p with { Problem = problem });
        return fault;
    }

    private void Recovered()
    {
        if (Progress.Problem is not null)
        {
            LogRecovered(_feed.Name, _sink.Description);
            Update(p => p with { Problem = null });
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private partial void LogProblem(string problem, Exception? e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Feed}, published to {Sink}: {What}")]
    private partial void LogMissed(string feed, string sink, string what);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Feed} are published to {Sink} again.")]
    private partial void LogRecovered(string feed, string sink);
}
