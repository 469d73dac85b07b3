using System.Net;
using System.Text.Json.Nodes;

namespace Foretell.Web.Tests;

/// <summary>An answer of the API, read to its end.</summary>
internal sealed record ApiResponse(HttpStatusCode Status, string? MediaType, string Text, HttpResponseMessage Message)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public string? Header(string name) =>
        Message.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;

    public static async Task<ApiResponse> ReadAsync(HttpResponseMessage message) =>
        new(message.StatusCode, message.Content.Headers.ContentType?.MediaType, await message.Content.ReadAsStringAsync(), message);

    /// <summary>Checks that the answer is a whole problem of this kind and returns its detail.</summary>
    public string AssertProblem(int status, string kind)
    {
        Assert.Equal($"{status} application/problem+json", $"{(int)Status} {MediaType}");
        Assert.Equal("urn:foretell:problem:" + kind, (string?)Json["type"]);
        Assert.Equal(status, (int?)Json["status"]);
        Assert.NotEmpty((string)Json["title"]!);
        Assert.Matches("^[0-9a-f]{32}$", (string)Json["traceId"]!);
        string detail = (string)Json["detail"]!;
        Assert.NotEmpty(detail);
        Assert.DoesNotContain("   at ", Text, StringComparison.Ordinal);
        return detail;
    }
}
