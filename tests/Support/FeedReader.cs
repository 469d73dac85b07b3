using System.Net;
using System.Text.Json.Nodes;

namespace Foretell.Support;

/// <summary>Reads server-sent events from the bytes on the wire.</summary>
public sealed class FeedReader : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private FeedReader(HttpResponseMessage response, StreamReader lines) => (_response, _lines) = (response, lines);

    /// <summary>Reads the answer of a feed whose subscription stands.</summary>
    public static async Task<FeedReader> OpenAsync(HttpResponseMessage response)
    {
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var reader = new FeedReader(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
        Assert.Equal([": connected", "retry: 1000"], (await reader.ReadBlockAsync())!);
        return reader;
    }

    /// <summary>The lines up to the next empty one; null at the end of the answer.</summary>
    /// <param name="limit">Longest wait; a minute when null.</param>
    public async Task<string[]?> ReadBlockAsync(TimeSpan? limit = null)
    {
        var block = new List<string>();
        using var patience = new CancellationTokenSource(limit ?? TimeSpan.FromMinutes(1));
        while (await _lines.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Length == 0)
            {
                return [.. block];
            }
            block.Add(line);
        }
        Assert.Empty(block);
        return null;
    }

    /// <summary>The next event; comments are skipped.</summary>
    public async Task<(string Event, string? Id, JsonNode Data)> ReadAsync(TimeSpan? limit = null)
    {
        string[] block;
        do
        {
            block = Assert.IsType<string[]>(await ReadBlockAsync(limit));
        }
        while (block.All(line => line.StartsWith(':')));
        return (Field(block, "event")!, Field(block, "id"), JsonNode.Parse(Field(block, "data")!)!);
    }

    public void Dispose() => _response.Dispose();

    private static string? Field(string[] block, string name) =>
        block.SingleOrDefault(line => line.StartsWith(name + ": ", StringComparison.Ordinal))?[(name.Length + 2)..];
}
