using Foretell.Engine;
using Foretell.Engine.Log;
using Foretell.Ingest.Messages;
using Microsoft.Extensions.Logging;

namespace Foretell.Ingest.Sources;

/// <summary>Reads all partitions of a source in this process, those that are added later too.</summary>
public sealed partial class SourceFeed : IAsyncDisposable
{
    private readonly IMessageSource _source;
    private readonly ISourceLog _log;
    private readonly SourceOptions _options;
    private readonly Func<string, SourcePump> _open;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, (SourcePump Pump, Task Run)> _pumps = [];
    private readonly Task _loop;
    private string? _problem;
    private int _disposed;

    /// <param name="source">The source; the feed disposes it.</param>
    /// <param name="log">Where its messages go.</param>
    /// <param name="decode">Makes a decoder, one a partition.</param>
    /// <param name="options">How to read.</param>
    /// <param name="lagEvents">Records of the log that wait to be applied.</param>
    /// <param name="time">Clock of waits.</param>
    /// <param name="logger">Told of failures and losses.</param>
    public SourceFeed(IMessageSource source, ISourceLog log, Func<MessageDecoder> decode, SourceOptions options, Func<long> lagEvents,
        TimeProvider time, ILogger logger)
    {
        (_source, _log, _options, _time, _logger) = (source, log, options, time, logger);
        _open = partition => new SourcePump(source, partition, log, decode(), options, lagEvents, time, logger);
        _loop = Background.Run(RunAsync);
    }

    /// <summary>How the reading does.</summary>
    public SourcesReport Report()
    {
        lock (_pumps)
        {
            SourceProgress[] partitions = [.. _pumps.Values.Select(p => p.Pump.Progress)];
            return new SourcesReport(partitions,
                [.. partitions.Select(p => p.Problem).Append(Volatile.Read(ref _problem)).OfType<string>().Distinct()]);
        }
    }

    /// <summary>Stops reading; what was appended is known to the log.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _stop.CancelAsync();
            await _loop;
            await Task.WhenAll(_pumps.Values.Select(p => p.Run));
            await _source.DisposeAsync();
            _stop.Dispose();
        }
    }

    private async Task RunAsync()
    {
        CancellationToken stop = _stop.Token;
        TimeSpan delay = _options.RetryDelay;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await CheckAsync(stop);
                delay = _options.CheckInterval;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Tell(e is SourceException or PlatformUnavailableException ? $"{_source.Description} cannot be asked for its partitions: {e.Message}" : e.ToString());
                delay = _options.NextDelay(delay);
            }
            await Task.Delay(delay, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Begins to read the partitions that nobody reads yet.</summary>
    private async Task CheckAsync(CancellationToken stop)
    {
        SourcePartitions partitions = await SourcePartitions.FindAsync(_source, _log, _options.OnLoss, stop);
        Tell(partitions.Problem);
        lock (_pumps)
        {
            foreach (string partition in partitions.Names.Where(p => !_pumps.ContainsKey(p)))
            {
                SourcePump pump = _open(partition);
                _pumps.Add(partition, (pump, Background.Run(() => pump.RunAsync(stop))));
            }
        }
    }

    private void Tell(string? problem)
    {
        if (problem is not null && problem != _problem)
        {
            LogProblem(problem);
        }
        Volatile.Write(ref _problem, problem);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private partial void LogProblem(string problem);
}
