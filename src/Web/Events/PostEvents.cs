using System.Globalization;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Ingest.Decoding;
using Foretell.Web.Admission;
using Foretell.Web.Guards;
using Foretell.Web.Http;
using Foretell.Web.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.ObjectPool;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.OpenApi;

namespace Foretell.Web.Events;

/// <summary><c>POST /v1/events</c>: takes events and answers once they are durable.</summary>
internal static class PostEvents
{
    private const string ColumnsParameter = "columns";
    private const string RejectedHeader = "Foretell-Rejected";

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapPost("/v1/events", HandleAsync)
        .OwnDeadlines()
        .WithName("PostEvents").WithTags("Events")
        .WithSummary("Send events")
        .WithDescription("""
            Answers once the accepted events are on disk. An event that cannot be read does not sink its neighbours: the first
            100 of them are listed in `rejected`, and `rejectedTotal` and the header `Foretell-Rejected` count all. Where none is accepted, the status is 422: what
            takes any 2xx for delivered must not take that for one. Pass `position` as `after` to a query to see these
            events applied. A repeat with the same `Idempotency-Key` within 24 hours is answered as the first request was
            and appends nothing. The body may be compressed (`Content-Encoding: gzip`, `br`, `deflate`). A CloudEvent may come in HTTP's binary mode, too: attributes
            in headers (`ce-id`, `ce-source`, `ce-subject`, `ce-type`, `ce-time`), data of any type in the body; of JSON its `values` are read.
            """)
        .Body("application/json", """[{"stream":"customer-7","time":"2026-01-31T12:00:00Z","mark":"purchase","values":{"amount":12.3}},{"stream":"customer-9","time":1769860801.5}]""",
            EventSchemas.Event, BodyItems.OneOrArray)
        .Body("application/x-ndjson",
            "{\"stream\":\"customer-7\",\"time\":1769860800,\"mark\":\"visit\"}\n{\"stream\":\"customer-7\",\"time\":1769860860}\n")
        .Body("application/cloudevents+json",
            """{"specversion":"1.0","id":"e-1","source":"shop","subject":"customer-7","type":"purchase","time":"2026-01-31T12:00:00Z"}""",
            EventSchemas.CloudEvent)
        .Body("application/cloudevents-batch+json",
            """[{"specversion":"1.0","id":"e-1","source":"shop","subject":"customer-7","type":"purchase","time":"2026-01-31T12:00:00Z"}]""",
            EventSchemas.CloudEvent, BodyItems.Array)
        .Body(EventDecoder.CsvType, "stream,time,mark\ncustomer-7,2026-01-31T12:00:00Z,purchase\ncustomer-9,1769860801.5,\n")
        .Parameter(ColumnsParameter, "Columns of a `text/csv` body where they have other names than `stream`, `time`, `mark` and `id`, and those of "
            + "values and labels: `stream=user,time=at,mark=kind,values=amount,temp,label=became`.")
        // No example: the explorer would fill it in for everybody, and the second request under it be another's repeat.
        .Parameter(IdempotencyKey.Header, "Makes the request safe to repeat: 1 to 256 characters, new for each request.",
            location: ParameterLocation.Header)
        .Header(202, RejectedHeader, "How many events were rejected; absent when none was.")
        .Header(422, RejectedHeader, "How many events were rejected: all of them.")
        .Header(202, IdempotencyKey.ReplayedHeader, "`true` when the key had been used before: nothing was appended now.")
        .Problems(ProblemKind.MalformedBody, ProblemKind.InvalidParameter, ProblemKind.InvalidIdempotencyKey,
            ProblemKind.IdempotencyConflict, ProblemKind.BodyTooLarge, ProblemKind.UnsupportedMediaType, ProblemKind.BodyTooSlow,
            ProblemKind.TooManyRequests, ProblemKind.Unavailable, ProblemKind.Overloaded);

    private static async Task<Results<Accepted<EventsAnswer>, UnprocessableEntity<EventsAnswer>>> HandleAsync(
        HttpContext http, TenantPlatform platform, ClientLimits limits, ObjectPool<EventBatch> batches, BodyMemory memory,
        IOptions<ForetellWebOptions> options, TimeProvider clock, CancellationToken cancellationToken)
    {
        bool isBinary = BinaryCloudEvent.Is(http.Request);
        string? contentType = isBinary ? StructuredCloudEvent.MediaType : http.Request.ContentType;
        EventDecoder decoder = ChooseDecoder(http.Request, contentType);
        CheckEncoding(http.Request);
        string? key = IdempotencyKey.Read(http.Request);

        var rejections = new Rejections();
        Task<AppendReceipt> append;
        EventBatch batch = batches.Get();
        try
        {
            platform.Restrict(batch);
            using BodyLease lease = memory.Open(http);
            IdempotentRequest? request = null;
            using (RequestBody body = await RequestBody.ReadAsync(http.Request, lease, options.Value, clock, cancellationToken))
            {
                ReadOnlySpan<byte> events = body.Bytes.Span;
                events = isBinary ? BinaryCloudEvent.ToStructured(http.Request.Headers, events) : events;
                lease.Take(decoder.MemoryFor(events));
                decoder.Decode(events, batch, rejections);
                if (key is not null)
                {
                    request = IdempotencyKey.ToRequest(key, contentType!, http.Request.Query[ColumnsParameter], events, rejections);
                }
            }
            if (batch.Count == 0 && rejections.Count > 0)
            {
                // Nothing is appended, so nothing is remembered either: the key stays free for the mended request.
                CountRejected(http, rejections.Count);
                return TypedResults.UnprocessableEntity(EventsAnswer.Of(0, RejectedEvents.From(rejections), Position.None));
            }
            if (limits.Take(http, batch.Count) is { } refusal)
            {
                throw Refused(refusal);
            }
            append = AppendAsync(platform, batch, request, options.Value.AppendTimeout, clock, cancellationToken);
        }
        finally
        {
            // The log has its own copy by now: while it writes, the next request may have this memory.
            batches.Return(batch);
        }
        AppendReceipt receipt = await append;
        RejectedEvents rejected;
        if (receipt.Replayed)
        {
            http.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
            rejected = RejectedEvents.FromPayload(receipt.Payload);
        }
        else
        {
            rejected = RejectedEvents.From(rejections);
        }
        CountRejected(http, rejected.Total, receipt.Replayed);
        return TypedResults.Accepted((string?)null, EventsAnswer.Of(receipt.Accepted, rejected, receipt.Position));
    }

    private static async Task<AppendReceipt> AppendAsync(TenantPlatform platform, EventBatch batch, IdempotentRequest? request,
        TimeSpan limit, TimeProvider clock, CancellationToken aborted)
    {
        using var deadline = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, aborted);
        try
        {
            return await platform.AppendAsync(batch, request, either.Token);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            throw new PlatformUnavailableException($"The log has not written the events within {limit.TotalSeconds:0.###} s. "
                + "It may have them all the same: send the request again later, with an idempotency key.", e);
        }
    }

    /// <summary>Says in the answer's head, for clients that read no body, how many events were rejected.</summary>
    private static void CountRejected(HttpContext http, int rejected, bool wasCounted = false)
    {
        if (rejected > 0)
        {
            http.Response.Headers[RejectedHeader] = rejected.ToString(CultureInfo.InvariantCulture);
        }
        if (!wasCounted)
        {
            Telemetry.EventsRejected.Add(rejected, new KeyValuePair<string, object?>("foretell.reason", "invalid"));
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

    private static EventDecoder ChooseDecoder(HttpRequest request, string? contentType)
    {
        EventDecoder decoder = EventDecoder.For(contentType) ?? throw Unsupported(contentType);
        if (!request.Query.TryGetValue(ColumnsParameter, out StringValues columns))
        {
            return decoder;
        }
        if (decoder is not CsvEventDecoder)
        {
            throw RequestException.Parameters(ColumnsParameter,
                $"'{ColumnsParameter}' names the columns of a {EventDecoder.CsvType} body, and Content-Type is '{contentType}'.");
        }
        try
        {
            return new CsvEventDecoder(EventColumns.Parse(columns.ToString()));
        }
        catch (FormatException bad)
        {
            throw RequestException.Parameters(ColumnsParameter, bad.Message);
        }
    }

    private static RequestException Refused(QuotaRefusal refusal) => refusal.Wait is { } wait
        ? new RequestException(ProblemKind.TooManyRequests, refusal.Detail)
        {
            Header = ("Retry-After", wait.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)),
        }
        : new RequestException(ProblemKind.BodyTooLarge, refusal.Detail);

    private static RequestException Unsupported(string? contentType) => new(ProblemKind.UnsupportedMediaType,
        $"Content-Type is '{contentType}'. Send events in UTF-8 as one of: {string.Join(", ", EventDecoder.MediaTypes)}.");
}
