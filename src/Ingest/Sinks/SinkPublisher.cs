using Foretell.Engine;
using Foretell.Engine.Log;
using Microsoft.Extensions.Logging;

namespace Foretell.Ingest.Sinks;

/// <summary>Publishes several feeds of the platform in this process to a sink, beside each other.</summary>
public sealed class SinkPublisher : IAsyncDisposable
{
    private readonly IMessageSink _sink;
    private readonly CancellationTokenSource _stop = new();
    private readonly SinkPump[] _pumps;
    private readonly Task _runs;
    private int _disposed;

    /// <param name="sink">Where to; the publisher disposes it.</param>
    /// <param name="feeds">What, no name twice.</param>
    /// <param name="log">Keeps the places.</param>
    /// <param name="options">How to publish.</param>
    /// <param name="time">Clock of waits.</param>
    /// <param name="logger">Told of failures and of what is missing.</param>
    public SinkPublisher(IMessageSink sink, IEnumerable<ISinkFeed> feeds, ISourceLog log, SinkOptions options, TimeProvider time,
        ILogger logger)
    {
        _sink = sink;
        _pumps = [.. feeds.Select(feed => new SinkPump(sink, feed, log, options, time, logger))];
        _runs = Task.WhenAll(_pumps.Select(pump => Background.Run(() => pump.RunAsync(_stop.Token))));
    }

    /// <summary>How the publishing does, feed by feed.</summary>
    public IReadOnlyList<SinkProgress> Report() => [.. _pumps.Select(pump => pump.Progress)];

    /// <summary>Stops publishing; the log knows what was acknowledged.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _stop.CancelAsync();
            await _runs;
            await _sink.DisposeAsync();
            _stop.Dispose();
        }
    }
}
