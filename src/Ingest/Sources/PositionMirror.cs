using Microsoft.Extensions.Logging;

namespace Foretell.Ingest.Sources;

/// <summary>Shows tools outside, now and then, how far a partition was read: behind the commit, and never read back.</summary>
/// <param name="source">Knows where tools look.</param>
/// <param name="partition">Which partition.</param>
/// <param name="committed">Number of the last message in the log, -1 for none.</param>
/// <param name="interval">How often.</param>
/// <param name="time">Clock of waits.</param>
/// <param name="logger">Told when it fails; reading goes on all the same.</param>
internal sealed partial class PositionMirror(IMessageSource source, string partition, Func<long> committed, TimeSpan interval,
    TimeProvider time, ILogger logger)
{
    /// <summary>Shows the position whenever it has moved, until told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        long shown = -1;
        string? problem = null;
        while (source.ShowsPositions && !stop.IsCancellationRequested)
        {
            await Task.Delay(interval, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            long number = committed();
            if (number == shown || number < 0)
            {
                continue;
            }
            try
            {
                await source.ShowPositionAsync(partition, number, stop);
                (shown, problem) = (number, null);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (SourceException e)
            {
                // The same again and again is told once.
                if (problem != e.Message)
                {
                    LogProblem(source.Name, partition, e.Message);
                }
                problem = e.Message;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "How far {Source}/{Partition} was read cannot be shown to tools outside: {Problem} Reading goes on.")]
    private partial void LogProblem(string source, string partition, string problem);
}
