using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Foretell.Engine.Alerts;
using Foretell.Engine.Feeds;
using Foretell.Web.Guards;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Foretell.Web.Feeds;

/// <summary><c>GET /v1/alerts/events</c>: the streams that become overdue, as it happens.</summary>
internal static class GetAlertEvents
{
    private const string MissedDetail =
        "Alerts were raised that this connection has not seen, and the server does not hold them any more. GET /v1/overdue shows the streams that are overdue now.";

    public static void Map(IEndpointRouteBuilder routes) => ServerSentFeed.Describe<AlertEvent>(routes
        .MapGet("/v1/alerts/events", HandleAsync)
        .WithName("GetAlertEvents").WithTags("Feeds")
        .WithSummary("Streams that become overdue, as it happens")
        .WithDescription("Server-sent events, from the moment of connecting on: `alert` for each silence that became less likely than the server's threshold, "
            + "at least once each; `missed` where alerts are missing; `problem` before the server ends the feed because it cannot serve. "
            + "With `Last-Event-ID` the feed goes on behind that alert: the server keeps those of the last hour, and the latest 1,024 however old.")
        .Problems(ProblemKind.Unavailable));

    private static async Task<IResult> HandleAsync(HttpContext http, TenantPlatform platform, ServerSentFeed feed,
        CancellationToken cancellationToken)
    {
        IAsyncEnumerable<FeedItem<Alert>> alerts = await feed.OpenAsync(
            ask => new ValueTask<IAsyncEnumerable<FeedItem<Alert>>>(platform.AlertsAsync(ServerSentFeed.After(http), ask)),
            "The log of alerts", cancellationToken);
        return feed.Serve(http, ended => EventsAsync(feed, alerts, ended));
    }

    private static async IAsyncEnumerable<SseItem<byte[]>> EventsAsync(
        ServerSentFeed feed, IAsyncEnumerable<FeedItem<Alert>> alerts, [EnumeratorCancellation] CancellationToken ended)
    {
        await foreach (FeedItem<Alert> item in alerts.WithCancellation(ended))
        {
            yield return item.Value is { } alert
                ? feed.Item(AlertEvent.Of(alert), "alert", item.Id)
                : feed.Item(new MissedEvent(item.Missed, MissedDetail), "missed");
        }
    }
}
