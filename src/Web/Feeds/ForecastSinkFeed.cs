using System.Globalization;
using System.Runtime.CompilerServices;
using Foretell.Engine.Feeds;
using Foretell.Hosting;
using Foretell.Ingest.Sinks;
using Foretell.Web.Forecasts;
using Foretell.Web.Http;

namespace Foretell.Web.Feeds;

/// <summary>The forecasts of one stream, one after each of its events, as CloudEvents of type <c>foretell.forecast</c>.</summary>
/// <remarks>Their numbers are the stream's events. A forecast that a newer one overtook while nobody read is gone, and is counted.</remarks>
/// <param name="platform">Makes them.</param>
/// <param name="stream">Stream key.</param>
public sealed class ForecastSinkFeed(IPlatform platform, string stream) : ISinkFeed
{
    /// <summary>Type of the CloudEvents.</summary>
    public const string Type = "foretell.forecast";

    private static readonly ForecastQuestion s_question = ForecastParameters.Parse(null, null, null, "false", null, int.MaxValue);

    /// <inheritdoc/>
    public string Name => NameOf(stream);

    /// <summary>Name of the feed of a stream's forecasts.</summary>
    public static string NameOf(string stream) => $"forecasts of {stream}";

    /// <inheritdoc/>
    public async IAsyncEnumerable<SinkItem> ReadAsync(SinkPlace? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string feed = (await platform.AlertsEndAsync(cancellationToken)).Feed;
        string source = CloudEvent.SourceOf(feed);
        // Data restored from a copy, or made anew, count events of their own.
        long? read = after is { } published && published.Feed == feed ? published.Number : null;
        yield return new SinkItem(null, 0, null);
        await foreach (FeedItem<ForecastChange> item in platform.SubscribeAsync(stream, cancellationToken))
        {
            if (item.Value is not { } change)
            {
                // How many are missing follows from the next one's number.
                continue;
            }
            if (read == change.Events)
            {
                // The one that was published last: where the stream stands is always told first.
                continue;
            }
            long missed = read is { } number ? Math.Max(0, change.Events - number - 1) : 0;
            read = change.Events;
            ForecastEvent data = ForecastEvent.Of(platform.Forecaster, change, s_question);
            string id = string.Create(CultureInfo.InvariantCulture, $"forecast/{change.Partition}/{change.Sequence}");
            var message = new CloudEvent(id, source, Type, stream, QueryTime.ToUtc(change.LastEventTicks), data);
            yield return new SinkItem(message.ToMessage(), missed, new SinkPlace(feed, change.Events));
        }
    }
}
