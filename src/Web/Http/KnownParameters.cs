using Foretell.Ingest.Decoding;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Foretell.Web.Http;

/// <summary>Refuses query parameters that an endpoint does not have: a misspelt one would be left out in silence, and the answer be one to
/// another question.</summary>
internal sealed class KnownParameters : IEndpointFilter
{
    // What other APIs call it.
    private static readonly (string Other, string Name)[] s_otherNames =
    [
        ("top", "limit"), ("top", "marks"), ("n", "limit"), ("count", "limit"), ("size", "limit"), ("max", "limit"),
        ("now", "at"), ("time", "at"), ("timestamp", "at"), ("when", "at"),
        ("window", "horizon"), ("within", "horizon"), ("percentiles", "quantiles"), ("p", "quantiles"), ("labels", "marks"), ("types", "marks"),
        ("position", "after"), ("since", "newerThan"), ("since", "after"), ("maxAge", "newerThan"), ("age", "newerThan"),
        ("startsWith", "prefix"), ("stream", "prefix"), ("filter", "prefix"), ("includeGone", "gone"), ("never", "gone"),
    ];

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpRequest request = context.HttpContext.Request;
        if (request.QueryString.HasValue)
        {
            Check(request.Query.Keys, context.HttpContext.GetEndpoint()!);
        }
        return next(context);
    }

    /// <summary>The end of a sentence on a name that there is not: what was probably meant, where somebody can tell.</summary>
    public static string DidYouMean(string name, IReadOnlyCollection<string> known)
    {
        string? meant = s_otherNames
            .FirstOrDefault(o => o.Other.Equals(name, StringComparison.OrdinalIgnoreCase) && known.Contains(o.Name)).Name
            ?? NearestName.Of(name, known);
        return meant is null ? "." : $"; did you mean '{meant}'?";
    }

    private static void Check(IEnumerable<string> names, Endpoint endpoint)
    {
        string[] known =
            [.. endpoint.Metadata.OfType<ParameterNote>().Where(note => note.In == ParameterLocation.Query).Select(note => note.Name)];
        foreach (string name in names)
        {
            // Names bind whatever their case.
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                string takes = known.Length == 0 ? "It takes none." : $"It takes {string.Join(", ", known.Order(StringComparer.Ordinal))}.";
                throw RequestException.Parameters(name,
                    $"'{name}' is no parameter of {(endpoint as RouteEndpoint)?.RoutePattern.RawText}{DidYouMean(name, known)} {takes}");
            }
        }
    }
}
