using System.Text.Json.Nodes;
using Foretell.Web.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.OpenApi;

namespace Foretell.Web.Http;

/// <summary>A parameter as the OpenAPI document shows it. The explorer fills an example in, so it must be one that works as it
/// is.</summary>
internal sealed record ParameterNote(string Name, string Description, JsonNode? Example, ParameterLocation In, JsonSchemaType Type);

/// <summary>A header of an answer as the OpenAPI document shows it.</summary>
internal sealed record HeaderNote(int Status, string Name, string Description);

/// <summary>An example of a request body, by media type.</summary>
/// <param name="MediaType">Media type.</param>
/// <param name="Example">Example body.</param>
/// <param name="Schema">Name of the document's schema of one item; null for text, or when the signature tells.</param>
/// <param name="Items">How many items a body holds.</param>
internal sealed record BodyNote(string MediaType, string Example, string? Schema = null, BodyItems Items = BodyItems.One);

/// <summary>How many items a JSON body holds.</summary>
internal enum BodyItems
{
    One,
    Array,
    OneOrArray,
}

/// <summary>The kinds of problem that an endpoint answers with.</summary>
internal sealed record ProblemNote(ProblemKind Kind);

/// <summary>What endpoints say about themselves beside their signature; <see cref="ApiDocument"/> writes it into the OpenAPI
/// document.</summary>
internal static class EndpointNotes
{
    public static RouteHandlerBuilder Parameter(this RouteHandlerBuilder endpoint, string name, string description,
        JsonNode? example = null,
        ParameterLocation location = ParameterLocation.Query, JsonSchemaType type = JsonSchemaType.String) =>
        endpoint.WithMetadata(new ParameterNote(name, description, example, location, type));

    public static RouteHandlerBuilder StreamParameter(this RouteHandlerBuilder endpoint) => endpoint.Parameter("stream",
        "Stream key, percent-encoded as one path segment: a slash within the key is `%2F`.", "customer-7", ParameterLocation.Path);

    public static RouteHandlerBuilder AtParameter(this RouteHandlerBuilder endpoint) => endpoint.Parameter("at",
        "Moment to ask about: RFC 3339 with an offset (`2026-01-31T12:00:00Z`), or Unix seconds (`1769860800`). Now when left out.");

    public static RouteHandlerBuilder LimitParameter(this RouteHandlerBuilder endpoint, int fallback) => endpoint.Parameter("limit",
        $"Most rows to return; {fallback} when left out.", fallback, type: JsonSchemaType.Integer);

    public static RouteHandlerBuilder ForecastParameters(this RouteHandlerBuilder endpoint) => endpoint
        .AtParameter().WindowParameters()
        .Parameter("expectedCount", "False leaves `expectedCount` and `count` out: they are sampled, and cost more than all the rest of the answer.",
            true, type: JsonSchemaType.Boolean)
        .Parameter("paths", "How many possible futures within the horizon to draw, 0 to 1000; the same state gives the same ones. None when left out.",
            0, type: JsonSchemaType.Integer)
        .Parameter("within", "Marks with commas between them, up to 64, of which to tell how likely one comes within the horizon: `failed,repaired`. They are sampled, as `count` is. None when left out.");

    public static RouteHandlerBuilder WindowParameters(this RouteHandlerBuilder endpoint) => endpoint
        .Parameter("horizon", "Window of `probabilityWithinHorizon`, `count` and `paths`: seconds (`90`), a number with a unit "
            + "(`250ms`, `1h30m`, `7d`) or ISO 8601 (`PT1H`). One hour when left out.", "1h")
        .Parameter("quantiles", "Probabilities between 0 and 1, both excluded, with commas between them. 0.1, 0.5 and 0.9 when left out.",
            "0.1,0.5,0.9")
        .Parameter("marks", "How many of the likeliest marks to name, 0 to 4096; `otherMarks` tells of the others. 20 when left out.", 20,
            type: JsonSchemaType.Integer);

    public static RouteHandlerBuilder Header(this RouteHandlerBuilder endpoint, int status, string name, string description) =>
        endpoint.WithMetadata(new HeaderNote(status, name, description));

    public static RouteHandlerBuilder Body(this RouteHandlerBuilder endpoint, string mediaType, string example,
        string? schema = null, BodyItems items = BodyItems.One) =>
        endpoint.WithMetadata(new BodyNote(mediaType, example, schema, items));

    /// <summary>The endpoint itself ends every wait in time, so that no deadline of all requests is put on it.</summary>
    public static RouteHandlerBuilder OwnDeadlines(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(new DisableRequestTimeoutAttribute());

    /// <summary>Declares the problems that the endpoint answers with.</summary>
    public static RouteHandlerBuilder Problems(this RouteHandlerBuilder endpoint, params ProblemKind[] kinds)
    {
        foreach (ProblemKind kind in kinds)
        {
            endpoint.WithMetadata(new ProblemNote(kind)).ProducesProblem(kind.Status);
        }
        return endpoint;
    }
}
