using System.Net;
using System.Text.Json.Nodes;
using Foretell.Stores.Postgres;

namespace Foretell.Silo.Tests.Support;

/// <summary>Reads a gateway's server-sent events.</summary>
public sealed class FeedReader : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private FeedReader(HttpResponseMessage response, Stream body) => (_response, _lines) = (response, new StreamReader(body));

    /// <summary>Opens a feed, and returns once the subscription stands.</summary>
    /// <param name="cluster">Whose client asks.</param>
    /// <param name="gateway">The gateway.</param>
    /// <param name="path">Path of the feed.</param>
    /// <param name="after">Id of the last event that was read, or null.</param>
    public static async Task<FeedReader> OpenAsync(SiloCluster cluster, SiloProcess gateway, string path, string? after = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Url, path));
        if (after is not null)
        {
            request.Headers.Add("Last-Event-ID", after);
        }
        HttpResponseMessage response = await cluster.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path} answered {response.StatusCode}: {gateway.Errors}");
        return new FeedReader(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The next event; comments are skipped.</summary>
    /// <param name="limit">Longest wait for it.</param>
    /// <returns>Name, id and data; null when none came in time.</returns>
    public async Task<(string Name, string? Id, JsonNode Data)?> ReadAsync(TimeSpan limit)
    {
        using var patience = new CancellationTokenSource(limit);
        string? name = null, id = null, data = null;
        try
        {
            while (await _lines.ReadLineAsync(patience.Token) is { } line)
            {
                name = Field(line, "event") ?? name;
                id = Field(line, "id") ?? id;
                data = Field(line, "data") ?? data;
                if (line.Length == 0 && name is not null)
                {
                    return (name, id, JsonNode.Parse(data!)!);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        throw new InvalidOperationException("The feed ended.");
    }

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }

    private static string? Field(string line, string name) =>
        line.StartsWith(name + ": ", StringComparison.Ordinal) ? line[(name.Length + 2)..] : null;
}
