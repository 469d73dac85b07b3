
namespace Foretell.Web.Http;

/// <summary>The kinds of problem that the API answers with (RFC 9457); docs/api.md lists them for users.</summary>
/// <param name="Name">Last part of the problem's type URN; never changes once released.</param>
/// <param name="Status">HTTP status code.</param>
/// <param name="Title">The same sentence for every problem of the kind.</param>
internal sealed record ProblemKind(string Name, int Status, string Title)
{
    public static readonly ProblemKind InvalidParameter = new("invalid-parameter", 400, "A parameter cannot be used.");
    public static readonly ProblemKind InvalidRequest = new("invalid-request", 400, "The request cannot be read.");
    public static readonly ProblemKind MalformedBody = new("malformed-body", 400, "The body cannot be read.");
    public static readonly ProblemKind InvalidIdempotencyKey = new("invalid-idempotency-key", 400, "The idempotency key cannot be used.");
    public static readonly ProblemKind BeforeLastEvent = new("before-last-event", 400, "The time lies before the stream's last event.");
    public static readonly ProblemKind Unauthenticated = new("unauthenticated", 401, "The request needs a key.");
    public static readonly ProblemKind Forbidden = new("forbidden", 403, "The key does not allow this.");
    public static readonly ProblemKind UnknownAddress = new("unknown-address", 404, "There is nothing at this address.");
    public static readonly ProblemKind UnknownStream = new("unknown-stream", 404, "The stream is unknown.");
    public static readonly ProblemKind UnknownModel = new("unknown-model", 404, "The model is unknown.");
    public static readonly ProblemKind NoActions = new("no-actions", 404, "The model declares no actions.");
    public static readonly ProblemKind MethodNotAllowed = new("method-not-allowed", 405, "The address does not answer this method.");
    public static readonly ProblemKind BodyTooSlow = new("body-too-slow", 408, "The body did not arrive in time.");
    public static readonly ProblemKind IdempotencyConflict =
        new("idempotency-conflict", 409, "The idempotency key belongs to another request.");
    public static readonly ProblemKind BodyTooLarge = new("body-too-large", 413, "The body is too large.");
    public static readonly ProblemKind UnsupportedMediaType =
        new("unsupported-media-type", 415, "The body's type or encoding is not supported.");
    public static readonly ProblemKind TooManyRequests = new("too-many-requests", 429, "The client asks for more than its share.");
    public static readonly ProblemKind Internal = new("internal-error", 500, "The server failed.");
    public static readonly ProblemKind Unavailable = new("unavailable", 503, "The platform cannot serve this now.");
    public static readonly ProblemKind Overloaded = new("overloaded", 503, "The platform has as much to do as it takes in at a time.");
    public static readonly ProblemKind NotReady = new("not-ready", 503, "The platform is not ready.");
    public static readonly ProblemKind PositionNotReached = new("position-not-reached", 504, "The position was not reached in time.");

    /// <summary>URI that names the kind.</summary>
    public string Type => "urn:foretell:problem:" + Name;
}

/// <summary>A request that cannot be answered as it was asked. Becomes a problem answer.</summary>
/// <param name="kind">What kind of problem.</param>
/// <param name="detail">What was seen, what was expected, what to do: shown to the caller.</param>
/// <param name="parameter">Name of the parameter at fault, or null.</param>
internal sealed class RequestException(ProblemKind kind, string detail, string? parameter = null) : Exception(detail)
{
    public ProblemKind Kind => kind;

    public string? Parameter => parameter;

    /// <summary>A header that the answer carries, or null.</summary>
    public (string Name, string Value)? Header { get; init; }

    public static RequestException Parameters(string name, string detail) =>
        new(ProblemKind.InvalidParameter, detail, name);
}
