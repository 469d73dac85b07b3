using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Foretell.Engine.Feeds;
using Foretell.Hosting;
using Foretell.Web.Forecasts;
using Foretell.Web.Guards;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Foretell.Web.Feeds;

/// <summary><c>GET /v1/streams/{stream}/events</c>: a stream's forecast after each of its events, as they come.</summary>
internal static class GetStreamEvents
{
    private const string MissedDetail =
        "Events were applied that this connection has not seen one by one. What follows stands as if it had.";

    public static void Map(IEndpointRouteBuilder routes) => ServerSentFeed.Describe<ForecastEvent>(ReadYourWrites.Add(routes
        .MapGet("/v1/streams/{stream}/events", HandleAsync)
        .WithName("GetStreamEvents").WithTags("Feeds")
        .WithSummary("A stream's forecast after each of its events, as they come")
        .WithDescription("Server-sent events: `forecast` at once, and then after each event of the stream; its id is the number of events. "
            + "`missed` tells how many were left out because the reader was slow or away; `problem` comes before the server ends the feed because it cannot serve. "
            + "With `Last-Event-ID` nothing comes at once unless the stream has had more events since.")
        .StreamParameter().WindowParameters()
        .Problems(ProblemKind.InvalidParameter, ProblemKind.UnknownStream, ProblemKind.Unavailable)));

    private static async Task<IResult> HandleAsync(StreamKey key, string? horizon, string? quantiles, string? marks,
        HttpContext http, TenantPlatform platform, ServerSentFeed feed, RenderedForecasts rendered, IOptions<ForetellWebOptions> options,
            CancellationToken cancellationToken)
    {
        ForecastQuestion question = ForecastParameters.Parse(null, horizon, quantiles, "false", marks, options.Value.MaxQuantiles);
        long? after = ParseAfter(http);
        if (await feed.OpenAsync(ask => platform.FindAsync(key.Value, ask), "The stream's partition", cancellationToken) is not { } found)
        {
            return Problems.UnknownStream(key.Value);
        }
        // The stream may go on before the subscription stands: that, too, is told or counted.
        return feed.Serve(http, ended => EventsAsync(platform, feed, rendered, key.Value, question, after, found.Events, ended));
    }

    private static long? ParseAfter(HttpContext http) => ServerSentFeed.After(http) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long events) ? events
        : throw RequestException.Parameters("Last-Event-ID",
            $"'Last-Event-ID' must be an id of this feed, a number of events; got '{text}'.");

    private static async IAsyncEnumerable<SseItem<byte[]>> EventsAsync(
        TenantPlatform platform, ServerSentFeed feed, RenderedForecasts rendered, string stream, ForecastQuestion question, long? after,
            long found, [EnumeratorCancellation] CancellationToken ended)
    {
        long? read = after ?? found - 1;
        string name = RenderedForecasts.NameOf(question);
        await foreach (FeedItem<ForecastChange> item in platform.SubscribeAsync(stream, ended))
        {
            if (item.Value is not { } change)
            {
                yield return Missed(feed, item.Missed);
                continue;
            }
            // Only the first item can be one that the reader has: after it the ids ascend.
            if (after != change.Events)
            {
                if (read < change.Events - 1)
                {
                    yield return Missed(feed, change.Events - 1 - read);
                }
                byte[] forecast = await rendered.GetAsync(change, question, name);
                yield return new SseItem<byte[]>(forecast, "forecast") { EventId = item.Id };
            }
            (after, read) = (null, null);
        }
    }

    private static SseItem<byte[]> Missed(ServerSentFeed feed, long? count) => feed.Item(new MissedEvent(count, MissedDetail), "missed");
}
