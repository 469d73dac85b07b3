using System.Globalization;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Messages;
using Microsoft.Extensions.Logging;

namespace Foretell.Ingest.Sources;

/// <summary>Reads one partition of a source into the log, through any failure, each message once.</summary>
/// <remarks>
/// Every life of a reader begins with a new epoch and the position that the log holds; nothing of the life before it counts. An append
/// that failed may have taken effect all the same: taking the partition again tells.
/// </remarks>
public sealed partial class SourcePump
{
    // Faults that something follows from; each is also a metric's dimension.
    private const string Taken = "taken", Lost = "lost", Log = "log", Unexpected = "unexpected";

    private static readonly string[] s_faults = [.. Enum.GetValues<SourceFault>().Select(NameOf), Lost, Log, Unexpected];

    private readonly IMessageSource _source;
    private readonly ISourceLog _log;
    private readonly SourceOptions _options;
    private readonly MessageDecoder _decoder;
    private readonly Func<long> _lagEvents;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SourcePartition _partition;
    private readonly KeyValuePair<string, object?> _tag;
    private readonly List<BrokerMessage> _messages = [];
    private readonly Rejections _rejections = new();
    private readonly EventBatch _batch = new();
    private SourceProgress _progress;

    /// <param name="source">The source.</param>
    /// <param name="partition">Which partition of it.</param>
    /// <param name="log">Where its messages go.</param>
    /// <param name="decoder">Makes events of them.</param>
    /// <param name="options">How to read.</param>
    /// <param name="lagEvents">Records of the log that wait to be applied.</param>
    /// <param name="time">Clock of waits.</param>
    /// <param name="logger">Told of failures and losses.</param>
    public SourcePump(IMessageSource source, string partition, ISourceLog log, MessageDecoder decoder, SourceOptions options,
        Func<long> lagEvents, TimeProvider time, ILogger logger)
    {
        (_source, _log, _decoder, _options, _lagEvents, _time, _logger) = (source, log, decoder, options, lagEvents, time, logger);
        _partition = new SourcePartition(source.Name, partition);
        _tag = new("foretell.source", source.Name);
        _progress = new SourceProgress(_partition, -1, -1, 0, 0, 0, 0, null);
        // A counter that begins with what it counts first shows no increase by it.
        Telemetry.SourceMessages.Add(0, _tag);
        Array.ForEach(s_faults, fault => Telemetry.SourceRetries.Add(0, _tag, new("foretell.reason", fault)));
        Array.ForEach(SourceLoss.Kinds, kind => Telemetry.SourceMissing.Add(0, _tag, new("foretell.reason", kind)));
    }

    /// <summary>Where the reading stands.</summary>
    public SourceProgress Progress => Volatile.Read(ref _progress);

    /// <summary>Reads until told to stop.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(ReadAsync(stop),
        new PositionMirror(_source, _partition.Partition, () => Progress.Number, _options.CheckInterval, _time, _logger).RunAsync(stop));

    private async Task ReadAsync(CancellationToken stop)
    {
        TimeSpan delay = _options.RetryDelay;
        while (!stop.IsCancellationRequested)
        {
            long before = Progress.Messages;
            string? fault = null;
            try
            {
                await FollowAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                fault = FaultOf(e);
                Report(e, fault);
                Telemetry.SourceRetries.Add(1, _tag, new("foretell.reason", fault));
            }
            delay = Progress.Messages > before ? _options.RetryDelay : delay;
            await Task.Delay(fault == Taken ? _options.RetakeDelay : delay, _time, stop)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = _options.NextDelay(delay);
        }
    }

    private static string FaultOf(Exception e) => e switch
    {
        SourceException known => NameOf(known.Fault),
        SourceTakenException => Taken,
        SourceLostException => Lost,
        PlatformUnavailableException => Log,
        _ => Unexpected,
    };

    private static string NameOf(SourceFault fault) => fault.ToString().ToLowerInvariant();

    /// <summary>One life of a reader.</summary>
    private async Task FollowAsync(CancellationToken stop)
    {
        SourceState held = await _log.TakeSourceAsync(_partition, stop);
        string identity = (await _source.DescribeAsync(stop)).Identity;
        PartitionRange range = await _source.DescribePartitionAsync(_partition.Partition, stop);
        long? number = held.Number;
        if (SourceLoss.Find(_partition, held, identity, range) is { } loss)
        {
            await SkipAsync(loss, held.Epoch, number, identity, stop);
            number = loss.GoOnAfter;
        }
        else if (number is null && _options.Start != SourceStart.Time)
        {
            // Kept at once: whatever comes from here on is read, also when this process dies before the first message.
            long start = _options.Start == SourceStart.End ? range.Last : range.First - 1;
            await _log.AppendSourceAsync(Cleared(), new SourceAdvance(_partition, held.Epoch, null, start, identity), stop);
            number = start;
        }
        Update(p => p with { Number = number ?? -1, Last = range.Last });
        await using IMessageReader reader =
            await _source.OpenAsync(_partition.Partition, new ReadFrom(number, _options.StartTime), held.Epoch, stop);
        Recovered();
        long asked = _time.GetTimestamp();
        while (true)
        {
            await WaitForRoomAsync(stop);
            await reader.ReadAsync(_messages, _options.BatchSize, stop);
            if (_messages.Count > 0)
            {
                number = await AppendAsync(held.Epoch, number, identity, stop);
            }
            if (reader.ReadThrough is { } through && !(through <= number))
            {
                number = await AdvanceAsync(held.Epoch, number, through, identity, stop);
            }
            if (_time.GetElapsedTime(asked) >= _options.CheckInterval)
            {
                asked = _time.GetTimestamp();
                await CheckIdentityAsync(identity, stop);
                range = await _source.DescribePartitionAsync(_partition.Partition, stop);
                Update(p => p with { Last = Math.Max(p.Number, range.Last) });
            }
        }
    }

    /// <summary>Decodes and appends the messages read, piece by piece where numbers are missing between them.</summary>
    /// <returns>Number of the last one.</returns>
    private async Task<long?> AppendAsync(long epoch, long? number, string identity, CancellationToken stop)
    {
        if (number is not null && _messages[0].Number <= number)
        {
            // Client libraries attach again by themselves, also to a hub that was made anew and counts from 0. A new life finds out.
            throw new SourceException(SourceFault.Unavailable,
                $"message {_messages[0].Number} came behind message {number}: where reading goes on is looked up again.");
        }
        for (int first = 0, end; first < _messages.Count; first = end)
        {
            if (IsHole(number, _messages[first].Number))
            {
                PartitionRange range = await _source.DescribePartitionAsync(_partition.Partition, stop);
                SourceLoss loss = SourceLoss.Between(_partition, number!.Value, _messages[first].Number, range);
                await SkipAsync(loss, epoch, number, identity, stop);
                number = loss.GoOnAfter;
            }
            for (end = first + 1; end < _messages.Count && !IsHole(_messages[end - 1].Number, _messages[end].Number); end++)
            {
            }
            await AppendAsync(first, end, epoch, number, identity, stop);
            number = _messages[end - 1].Number;
        }
        return number;
    }

    /// <summary>Keeps that a hole at the end was read, or retention would seem to have dropped messages that never were.</summary>
    private async Task<long> AdvanceAsync(long epoch, long? number, long through, string identity, CancellationToken stop)
    {
        await _log.AppendSourceAsync(Cleared(), new SourceAdvance(_partition, epoch, number, through, identity), stop);
        Update(p => p with { Number = through, Last = Math.Max(p.Last, through) });
        return through;
    }

    private bool IsHole(long? before, long next) => _source.NumbersAreDense && before is { } number && next > number + 1;

    private async Task AppendAsync(int first, int end, long epoch, long? number, string identity, CancellationToken stop)
    {
        long unreadable = Decode(first, end);
        BrokerMessage last = _messages[end - 1];
        AppendReceipt receipt = await _log.AppendSourceAsync(_batch,
            new SourceAdvance(_partition, epoch, number, last.Number, identity), stop);
        Telemetry.EventsAccepted.Add(receipt.Accepted);
        Telemetry.SourceMessages.Add(end - first, _tag);
        Update(p => p with
        {
            Number = last.Number,
            Last = Math.Max(p.Last, last.Number),
            LastEnqueuedTicks = last.EnqueuedTicks,
            Messages = p.Messages + end - first,
            Unreadable = p.Unreadable + unreadable,
        });
    }

    /// <summary>Ends this life where the source is another one by now.</summary>
    private async Task CheckIdentityAsync(string identity, CancellationToken stop)
    {
        if ((await _source.DescribeAsync(stop)).Identity is var now && SourceLoss.IsRenewed(identity, now))
        {
            throw new SourceException(SourceFault.Unavailable, $"it was made anew meanwhile ({now}, before {identity}).");
        }
    }

    private long Decode(int first, int end)
    {
        Cleared();
        long unreadable = 0;
        for (int i = first; i < end; i++)
        {
            BrokerMessage message = _messages[i];
            _rejections.Truncate(0);
            _decoder.Decode(message, _batch, _rejections);
            foreach (Rejection rejection in _rejections.First)
            {
                _batch.AddUnreadable(_partition.ToString(), message.EnqueuedTicks, rejection.Reason, message.Number);
            }
            // A few bytes can make an event that cannot be read: what is kept of them must not be many times the message.
            if (_rejections.Count - _rejections.First.Count is > 0 and var more)
            {
                _batch.AddUnreadable(_partition.ToString(), message.EnqueuedTicks,
                    string.Create(CultureInfo.InvariantCulture, $"{more} more events of this message cannot be read, after those listed."),
                    message.Number);
            }
            unreadable += _rejections.Count;
        }
        return unreadable;
    }

    /// <summary>Goes on without what is missing, on record, or refuses to.</summary>
    private async Task SkipAsync(SourceLoss loss, long epoch, long? number, string identity, CancellationToken stop)
    {
        if (_options.OnLoss == LossPolicy.Stop)
        {
            throw new SourceLostException(loss);
        }
        Cleared().AddUnreadable(_partition.ToString(), EventTime.FromDateTimeOffset(_time.GetUtcNow()), loss.Message, loss.GoOnAfter);
        await _log.AppendSourceAsync(_batch, new SourceAdvance(_partition, epoch, number, loss.GoOnAfter, identity), stop);
        long missing = loss.Missing ?? 0;
        // Of an unknown number one at least is missing, and a counter that stands still tells nobody.
        Telemetry.SourceMissing.Add(loss.Missing ?? 1, _tag, new("foretell.reason", loss.Kind));
        Update(p => p with { Number = loss.GoOnAfter, Missing = p.Missing + missing });
        LogSkipped(loss.Message);
    }

    /// <summary>Waits while the shards have enough to do: what the broker holds needs no room here.</summary>
    private async Task WaitForRoomAsync(CancellationToken stop)
    {
        while (_lagEvents() > _options.MaxLagEvents)
        {
            await Task.Delay(_options.RetryDelay, _time, stop);
        }
    }

    private EventBatch Cleared()
    {
        _batch.Clear();
        return _batch;
    }

    private void Update(Func<SourceProgress, SourceProgress> change) => Volatile.Write(ref _progress, change(_progress));

    private void Report(Exception e, string fault)
    {
        string problem = e is SourceLostException or SourceTakenException ? e.Message
            : $"{_partition} of {_source.Description} cannot be read now: {e.Message}";
        // The same again and again is told once.
        if (Progress.Problem != problem)
        {
            LogProblem(problem, fault == Unexpected ? e : null);
        }
        Update(p => p with { Problem = problem });
    }

    private void Recovered()
    {
        if (Progress.Problem is not null)
        {
            LogRecovered(_partition.ToString());
        }
        Update(p => p with { Problem = null });
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private partial void LogProblem(string problem, Exception? e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Loss} Reading goes on without them.")]
    private partial void LogSkipped(string loss);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Partition} is read again.")]
    private partial void LogRecovered(string partition);
}
