using Foretell.Hosting;
using Foretell.Ingest.Sinks;

namespace Foretell.Grains.Silos;

/// <summary>A broker to publish to, as a silo is told of it.</summary>
/// <param name="open">Opens the sink; called once, when a publisher first lives here.</param>
/// <param name="feeds">What is published: makes each feed, by its name.</param>
/// <param name="options">How it is published to.</param>
public sealed class SinkSetup(Func<IMessageSink> open, IReadOnlyDictionary<string, Func<IPlatform, ISinkFeed>> feeds, SinkOptions options)
    : IAsyncDisposable
{
    private readonly Lazy<IMessageSink> _sink = new(open);

    /// <summary>The sink, shared by all publishers of this silo.</summary>
    public IMessageSink Sink => _sink.Value;

    /// <summary>What is published.</summary>
    public IReadOnlyDictionary<string, Func<IPlatform, ISinkFeed>> Feeds => feeds;

    /// <summary>How it is published to.</summary>
    public SinkOptions Options => options;

    /// <summary>Key of the grain that publishes a feed to a sink.</summary>
    public static string KeyOf(string sink, string feed) => $"{sink}/{feed}";

    /// <summary>Closes the sink where it was opened.</summary>
    public ValueTask DisposeAsync() => _sink.IsValueCreated ? _sink.Value.DisposeAsync() : ValueTask.CompletedTask;
}
