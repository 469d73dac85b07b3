using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Ingest.Decoding;
using Foretell.Web.Http;
using Foretell.Web.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.ObjectPool;
using Microsoft.OpenApi;

namespace Foretell.Web.Events;

/// <summary><c>POST /v1/events</c>: takes events and answers once they are durable.</summary>
internal static class PostEvents
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost("/v1/events", HandleAsync)
        .WithName("PostEvents").WithTags("Events")
        .WithSummary("Send events")
        .WithDescription("""
            Answers once the accepted events are on disk. An event that cannot be read is listed in `rejected` and does not
            sink its neighbours. Pass `position` as `after` to a query to see these events applied. A repeat with the same
            `Idempotency-Key` within 24 hours is answered as the first request was and appends nothing. The body may be
            compressed (`Content-Encoding: gzip`, `br`, `deflate`).
            """)
        .Body("application/json", """[{"stream":"customer-7","time":"2026-01-31T12:00:00Z","mark":"purchase"},{"stream":"customer-9","time":1769860801.5}]""",
            EventSchemas.Event, BodyItems.OneOrArray)
        .Body("application/x-ndjson",
            "{\"stream\":\"customer-7\",\"time\":1769860800,\"mark\":\"visit\"}\n{\"stream\":\"customer-7\",\"time\":1769860860}\n")
        .Body("application/cloudevents+json",
            """{"specversion":"1.0","id":"e-1","source":"shop","subject":"customer-7","type":"purchase","time":"2026-01-31T12:00:00Z"}""",
            EventSchemas.CloudEvent)
        .Body("application/cloudevents-batch+json",
            """[{"specversion":"1.0","id":"e-1","source":"shop","subject":"customer-7","type":"purchase","time":"2026-01-31T12:00:00Z"}]""",
            EventSchemas.CloudEvent, BodyItems.Array)
        .Parameter(IdempotencyKey.Header, "Makes the request safe to repeat: 1 to 256 characters, new for each request.",
            "7f9c24e8-3b12-4a57-9a0e-6d5f1f3f2c11", ParameterLocation.Header)
        .Header(202, IdempotencyKey.ReplayedHeader, "`true` when the key had been used before: nothing was appended now.")
        .Problems(ProblemKind.MalformedBody, ProblemKind.InvalidIdempotencyKey, ProblemKind.IdempotencyConflict,
            ProblemKind.BodyTooLarge, ProblemKind.UnsupportedMediaType, ProblemKind.Unavailable);

    private static async Task<Accepted<EventsAnswer>> HandleAsync(
        HttpContext http, IPlatform platform, ObjectPool<EventBatch> batches, CancellationToken cancellationToken)
    {
        string? contentType = http.Request.ContentType;
        EventDecoder decoder = EventDecoder.For(contentType) ?? throw Unsupported(contentType);
        CheckEncoding(http.Request);
        string? key = IdempotencyKey.Read(http.Request);

        EventBatch batch = batches.Get();
        try
        {
            var rejections = new List<Rejection>();
            IdempotentRequest? request = null;
            using (RequestBody body = await RequestBody.ReadAsync(http.Request, cancellationToken))
            {
                decoder.Decode(body.Bytes.Span, batch, rejections);
                if (key is not null)
                {
                    request = IdempotencyKey.ToRequest(key, contentType!, body.Bytes.Span, rejections);
                }
            }
            AppendReceipt receipt = await platform.AppendAsync(batch, request, cancellationToken);
            IReadOnlyList<RejectedEvent> rejected;
            if (receipt.Replayed)
            {
                http.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
                rejected = IdempotencyKey.Rejections(receipt.Payload);
            }
            else
            {
                rejected = RejectedEvent.From(rejections);
                Telemetry.EventsRejected.Add(rejected.Count, new KeyValuePair<string, object?>("reason", "invalid"));
            }
            return TypedResults.Accepted((string?)null, 
                new EventsAnswer(receipt.Accepted, rejected, receipt.Position.ToString()));
        }
        finally
        {
            batches.Return(batch);
        }
    }

    private static void CheckEncoding(HttpRequest request)
    {
        // The decompression middleware removes the encodings that it undid; what is left nobody here can read.
        string encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            throw new RequestException(ProblemKind.UnsupportedMediaType,
                $"Content-Encoding '{encoding}' is not supported. Send the body plain, or as gzip, br or deflate.")
            {
                Header = ("Accept-Encoding", "gzip, br, deflate"),
            };
        }
    }

    private static RequestException Unsupported(string? contentType) => new(ProblemKind.UnsupportedMediaType,
        $"Content-Type is '{contentType}'. Send events in UTF-8 as one of: {string.Join(", ", EventDecoder.MediaTypes)}.");
}

/// <summary>What became of the events of one request.</summary>
/// <param name="Accepted">Events that are in the log now.</param>
/// <param name="Rejected">Events that could not be read; nothing of them is kept.</param>
/// <param name="Position">Token for `after`: a query that carries it sees these events.</param>
public sealed record EventsAnswer(int Accepted, IReadOnlyList<RejectedEvent> Rejected, string Position);

/// <summary>An event that could not be read.</summary>
/// <param name="Index">Its place in the request, from 0.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record RejectedEvent(int Index, string Reason)
{
    internal static IReadOnlyList<RejectedEvent> From(List<Rejection> rejections) =>
        [.. rejections.Select(r => new RejectedEvent(r.Index, r.Reason))];
}
