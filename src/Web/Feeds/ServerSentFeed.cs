using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Foretell.Engine;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Foretell.Web.Feeds;

/// <summary>Serves a subscription as server-sent events: heartbeats while it is quiet, an end when the host stops or the platform
/// fails.</summary>
internal sealed class ServerSentFeed(IHostApplicationLifetime lifetime, TimeProvider clock, IOptions<ForetellWebOptions> options,
    IOptions<JsonOptions> json)
{
    private const string LastEventId = "Last-Event-ID";

    /// <summary>Describes an endpoint whose answer is a feed of <typeparamref name="T"/>.</summary>
    public static RouteHandlerBuilder Describe<T>(RouteHandlerBuilder endpoint) where T : FeedEvent => endpoint
        .OwnDeadlines()
        .Produces<T>(StatusCodes.Status200OK, "text/event-stream")
        .Parameter(LastEventId, "Id of the last event that was read: browsers send it when they connect again.", "0",
            Microsoft.OpenApi.ParameterLocation.Header);

    /// <summary>Id of the last event that the reader has, or null.</summary>
    public static string? After(HttpContext http) =>
        http.Request.Headers.TryGetValue(LastEventId, out var id) && id.ToString() is { Length: > 0 } text ? text : null;

    /// <summary>Waits for what must be known before a feed is begun, for as long as any other request may.</summary>
    /// <exception cref="PlatformUnavailableException">It was not answered in time.</exception>
    public async Task<T> OpenAsync<T>(Func<CancellationToken, ValueTask<T>> ask, string what, CancellationToken aborted)
    {
        TimeSpan limit = options.Value.RequestTimeout;
        using var deadline = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, aborted);
        try
        {
            return await ask(either.Token).AsTask().WaitAsync(either.Token);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            throw new PlatformUnavailableException($"{what} did not answer within {limit.TotalSeconds:0.###} s. Connect again later.", e);
        }
    }

    /// <summary>An event with its data as JSON.</summary>
    /// <param name="data">The data.</param>
    /// <param name="name">The event's name.</param>
    /// <param name="id">Its place in the feed, or null.</param>
    public SseItem<byte[]> Item(FeedEvent data, string name, string? id = null) =>
        new(JsonSerializer.SerializeToUtf8Bytes(data, json.Value.SerializerOptions.GetTypeInfo(typeof(FeedEvent))), name) { EventId = id };

    /// <summary>The answer.</summary>
    /// <param name="http">The request.</param>
    /// <param name="subscribe">Opens the subscription; its token ends with the request and with the host.</param>
    public IResult Serve(HttpContext http, Func<CancellationToken, IAsyncEnumerable<SseItem<byte[]>>> subscribe) =>
        TypedResults.ServerSentEvents(ReadAsync(http, subscribe, http.RequestAborted));

    private async IAsyncEnumerable<SseItem<byte[]>> ReadAsync(
        HttpContext http, Func<CancellationToken, IAsyncEnumerable<SseItem<byte[]>>> subscribe,
            [EnumeratorCancellation] CancellationToken aborted)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
        await using var items = subscribe(ended.Token).GetAsyncEnumerator(ended.Token);
        // From here on the subscription stands; the first comment tells the reader so, and brings the headers to it.
        Task<bool> next = items.MoveNextAsync().AsTask();
        await http.Response.WriteAsync($": connected\nretry: {(long)options.Value.RetryAfter.TotalMilliseconds}\n\n", aborted);
        while (true)
        {
            await BeatUntilAsync(next, http, aborted);
            ProblemEvent? problem = null;
            try
            {
                if (!await next)
                {
                    yield break;
                }
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                yield break;
            }
            catch (PlatformUnavailableException e)
            {
                ProblemKind kind = ProblemKind.Unavailable;
                problem = new ProblemEvent(kind.Type, kind.Title, kind.Status, e.Message);
            }
            if (problem is not null)
            {
                yield return Item(problem, "problem");
                yield break;
            }
            yield return items.Current;
            next = items.MoveNextAsync().AsTask();
        }
    }

    /// <summary>Writes a comment whenever nothing came for a while, so that proxies keep the connection and a dead one is
    /// noticed.</summary>
    /// <remarks>Safe beside the framework's writer: it waits for this enumeration's next item and writes nothing meanwhile.</remarks>
    private async Task BeatUntilAsync(Task<bool> next, HttpContext http, CancellationToken aborted)
    {
        while (!next.IsCompleted)
        {
            using var quiet = CancellationTokenSource.CreateLinkedTokenSource(aborted);
            Task beat = Task.Delay(options.Value.Heartbeat, clock, quiet.Token);
            if (await Task.WhenAny(next, beat) == beat && beat.IsCompletedSuccessfully)
            {
                await http.Response.WriteAsync(": heartbeat\n\n", aborted);
            }
            await quiet.CancelAsync();
            if (aborted.IsCancellationRequested)
            {
                // The subscription ends by the same token.
                return;
            }
        }
    }
}
