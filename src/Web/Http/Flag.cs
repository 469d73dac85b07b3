namespace Foretell.Web.Http;

/// <summary>A query parameter that is true or false.</summary>
internal static class Flag
{
    /// <exception cref="RequestException">The text is neither.</exception>
    public static bool Parse(string name, string? text, bool fallback) => text switch
    {
        null or "" => fallback,
        "true" => true,
        "false" => false,
        _ => throw RequestException.Parameters(name, $"'{name}' must be true or false; got '{text}'."),
    };
}
