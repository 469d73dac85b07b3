using System.Globalization;
using System.Runtime.CompilerServices;
using Foretell.Engine.Alerts;
using Foretell.Engine.Feeds;
using Foretell.Hosting;
using Foretell.Ingest.Sinks;

namespace Foretell.Web.Feeds;

/// <summary>The alerts of all streams as CloudEvents of type <c>foretell.alert</c>, at least once each, by their numbers.</summary>
/// <param name="platform">Raises them.</param>
public sealed class AlertSinkFeed(IPlatform platform) : ISinkFeed
{
    /// <summary>Type of the CloudEvents.</summary>
    public const string Type = "foretell.alert";

    /// <inheritdoc/>
    public string Name => AlertRetention.SinkPartition;

    /// <inheritdoc/>
    public async IAsyncEnumerable<SinkItem> ReadAsync(SinkPlace? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        AlertPlace end = await platform.AlertsEndAsync(cancellationToken);
        AlertPlace place = after is { } published ? new AlertPlace(published.Feed, published.Number) : end;
        bool isKnown = place.IsIn(end);
        if (!isKnown)
        {
            // Rather everything that is left again than one alert too few.
            place = new AlertPlace(end.Feed, 0);
        }
        yield return new SinkItem(null, isKnown ? 0 : null, ToPlace(place));
        IAsyncEnumerable<FeedItem<Alert>> alerts = await platform.AlertsAsync(place.ToString(), cancellationToken);
        string source = CloudEvent.SourceOf(end.Feed);
        await foreach (FeedItem<Alert> item in alerts.WithCancellation(cancellationToken))
        {
            if (item.Value is not { } alert)
            {
                // From the very beginning on, nobody knows how many of those that are gone were published.
                yield return new SinkItem(null, isKnown ? item.Missed : 0, null);
                continue;
            }
            isKnown = true;
            AlertPlace.TryParse(item.Id!, out place);
            string id = string.Create(CultureInfo.InvariantCulture, $"alert/{place.Number}");
            AlertEvent data = AlertEvent.Of(alert);
            var message = new CloudEvent(id, source, Type, alert.Stream, data.At, data);
            yield return new SinkItem(message.ToMessage(), 0, ToPlace(place));
        }
    }

    private static SinkPlace ToPlace(AlertPlace place) => new(place.Feed, place.Number);
}
