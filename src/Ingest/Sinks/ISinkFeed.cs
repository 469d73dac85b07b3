namespace Foretell.Ingest.Sinks;

/// <summary>What a sink publishes: something of the platform that goes on for ever, item by item.</summary>
public interface ISinkFeed
{
    /// <summary>Name by which the log knows the feed, beside the sink's.</summary>
    string Name { get; }

    /// <summary>The items behind a place, as they come.</summary>
    /// <param name="after">Place of the last item that was published; null where none ever was, to begin now.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <remarks>The first item has no message: it says that the reading stands, and where.</remarks>
    /// <exception cref="Engine.PlatformUnavailableException">The platform cannot serve the feed now.</exception>
    IAsyncEnumerable<SinkItem> ReadAsync(SinkPlace? after, CancellationToken cancellationToken);
}

/// <summary>A place in a feed.</summary>
/// <param name="Feed">Tells the feed from another one under the same name, with numbers of its own; "" where there is no other.</param>
/// <param name="Number">Number of an item.</param>
public readonly record struct SinkPlace(string Feed, long Number);

/// <summary>What a feed delivers.</summary>
/// <param name="Message">The message; null where there is none.</param>
/// <param name="Missed">Items that are missing before it, 0 for none; null where some are and nobody knows how many.</param>
/// <param name="Place">Place to go on behind once it is published; null where there is no such place yet.</param>
public readonly record struct SinkItem(SinkMessage? Message, long? Missed, SinkPlace? Place);
