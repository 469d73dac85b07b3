using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Foretell.Engine;
using Foretell.Engine.Log;
using Foretell.Hosting;
using Foretell.Ingest.Decoding;
using Foretell.Web.Guards;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Foretell.Web.Http;

/// <summary>Turns every failure into problem details: one table from exception to kind, so that no endpoint maps errors itself.</summary>
internal sealed partial class Problems(IOptions<ForetellWebOptions> options, ILogger<Problems> log) : IExceptionHandler
{
    private const int ClientClosedRequest = 499;
    private const int MostShown = 100;

    /// <summary>A problem as an endpoint's result.</summary>
    public static ProblemHttpResult Result(ProblemKind kind, string detail) =>
        TypedResults.Problem(detail, statusCode: kind.Status, title: kind.Title, type: kind.Type);

    /// <summary>Value of the header <c>Retry-After</c>, whole seconds.</summary>
    public static string RetryAfter(ForetellWebOptions options) =>
        ((int)Math.Ceiling(options.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    /// <summary>404 for a stream that has no applied event.</summary>
    public static ProblemHttpResult UnknownStream(string stream) =>
        Result(ProblemKind.UnknownStream, UnknownStreamDetail(stream));

    public static string UnknownStreamDetail(string stream) =>
        $"No event of stream '{stream}' has been applied yet. Right after sending one, pass the answer's position as 'after'.";

    /// <summary>Adds the trace id, and words to the answers that the server gives by itself (404, 405, 415 of the router).</summary>
    public static void Customize(ProblemDetailsContext context)
    {
        ProblemDetails problem = context.ProblemDetails;
        HttpContext http = context.HttpContext;
        problem.Extensions["traceId"] = Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier;
        if (problem.Type?.StartsWith("urn:foretell:", StringComparison.Ordinal) == true)
        {
            return;
        }
        (ProblemKind kind, string detail) = OfStatus(problem.Status ?? 500, http);
        (problem.Type, problem.Title, problem.Detail) = (kind.Type, kind.Title, detail);
    }

    public async ValueTask<bool> TryHandleAsync(HttpContext http, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && http.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads this answer; the code only keeps the request out of the count of failures.
            http.Response.StatusCode = ClientClosedRequest;
            return true;
        }
        (ProblemKind kind, string detail) = Classify(exception, http);
        if (kind == ProblemKind.Internal)
        {
            LogUnhandled(exception, http.Request.Method, http.GetEndpoint()?.DisplayName);
        }
        if (kind.Status is 429 or 503 or 504)
        {
            http.Response.Headers.RetryAfter = RetryAfter(options.Value);
        }
        if (exception is RequestException { Header: { } header })
        {
            http.Response.Headers[header.Name] = header.Value;
        }
        http.Response.StatusCode = kind.Status;
        var problem = new ProblemDetails { Status = kind.Status, Type = kind.Type, Title = kind.Title, Detail = detail };
        if ((exception is BeforeLastEventException ? "at" : (exception as RequestException)?.Parameter) is { } parameter)
        {
            problem.Extensions["parameter"] = parameter;
        }
        var service = http.RequestServices.GetRequiredService<IProblemDetailsService>();
        var context = new ProblemDetailsContext { HttpContext = http, ProblemDetails = problem };
        if (!await service.TryWriteAsync(context))
        {
            // The caller accepts no JSON; problem details are still the best answer that there is.
            Customize(context);
            await http.Response.WriteAsJsonAsync(problem, options: null, "application/problem+json", cancellationToken);
        }
        return true;
    }

    private const string InternalDetail =
        "This is a fault of the server, not of the request. Its log has the cause under the traceId; retrying later may help.";

    private static (ProblemKind, string) Classify(Exception exception, HttpContext http) => exception switch
    {
        RequestException e => (e.Kind, e.Message),
        MalformedBodyException e => (ProblemKind.MalformedBody, e.Message),
        IdempotencyConflictException e => (ProblemKind.IdempotencyConflict, e.Message),
        BeforeLastEventException e => (ProblemKind.BeforeLastEvent, e.Message),
        PlatformOverloadedException e => (ProblemKind.Overloaded, e.Message),
        PlatformUnavailableException e => (ProblemKind.Unavailable, e.Message),
        BadHttpRequestException { InnerException: JsonException json } =>
            (ProblemKind.MalformedBody, $"The body is not the JSON that is expected, from line {json.LineNumber + 1}, byte "
                + $"{json.BytePositionInLine + 1} ({Shown(json.Path)}). {UnknownMember(json, http)}Compare it with GET /openapi/v1.json."),
        BadHttpRequestException e => OfStatus(e.StatusCode, http),
        _ => (ProblemKind.Internal, InternalDetail),
    };

    /// <summary>A sentence on a member of the body that there is not; empty when that is not what is wrong.</summary>
    private static string UnknownMember(JsonException json, HttpContext http)
    {
        // While an exception is handled the request has no endpoint of its own any more.
        Endpoint? endpoint = http.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? http.GetEndpoint();
        if (json.Path is not ['$', '.', .. var name] || endpoint?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is not { } type)
        {
            return "";
        }
        JsonSerializerOptions options = http.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        if (name.AsSpan().IndexOf('[') is > 0 and var bracket)
        {
            // What is wrong stands in a list.
            name = name[..bracket];
        }
        string[] known = [.. options.GetTypeInfo(type).Properties.Select(property => property.Name)];
        return known.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? ""
            : $"'{Shown(name)}' is no member of it{KnownParameters.DidYouMean(name, known)} It has {string.Join(", ", known)}. ";
    }

    /// <summary>The beginning of a name that a sender chose: an answer must not be as long as the request.</summary>
    private static string Shown(string? name) => name is null || name.Length <= MostShown ? name ?? "" : $"{name.AsSpan(0, MostShown)}...";

    /// <summary>What a status that the server or the router chose by itself means here.</summary>
    private static (ProblemKind, string) OfStatus(int status, HttpContext http) => status switch
    {
        401 => (ProblemKind.Unauthenticated, http.Request.Headers.Authorization.Count == 0
            ? "Send an API key in the header 'Authorization: Bearer fk_...'. Whoever runs this host makes one with 'foretell keys add'."
            : "The key or token in the header Authorization does not hold: it is unknown, revoked, or has ended. Ask whoever runs this host for another."),
        403 => (ProblemKind.Forbidden, ScopeGuard.Of(http.GetEndpoint()) is { } scope
            ? $"This needs a key with the scope '{scope}'" + (scope == Scope.Operate && !Tenant.Of(http).IsEverybody
                ? ", which no tenant's key has: it is of everybody's streams." : ". Ask whoever runs this host for one.")
            : "The key does not allow this."),
        429 => (ProblemKind.TooManyRequests, "This client has sent more requests than it may. Try again after the time in Retry-After."),
        404 => (ProblemKind.UnknownAddress,
            "No endpoint has this address. GET /openapi/v1.json lists them all; a slash within a stream key is written %2F."),
        405 => (ProblemKind.MethodNotAllowed, $"Use one of: {http.Response.Headers.Allow}."),
        408 => (ProblemKind.BodyTooSlow, "The body stood still, or came too slowly. Send smaller requests, or over a faster line."),
        413 => (ProblemKind.BodyTooLarge, "The body, decompressed, is larger than "
            + $"{http.GetEndpoint()?.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize} bytes. Send several smaller requests."),
        415 => (ProblemKind.UnsupportedMediaType, "Send the body as application/json."),
        >= 400 and < 500 => (ProblemKind.InvalidRequest with { Status = status }, "Compare the request with GET /openapi/v1.json."),
        _ => (ProblemKind.Internal with { Status = status }, InternalDetail),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "Unhandled failure of {Method} {Endpoint}.")]
    private partial void LogUnhandled(Exception exception, string method, string? endpoint);
}
