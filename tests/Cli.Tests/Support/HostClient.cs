using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Foretell.Stores.Postgres;

namespace Foretell.Cli.Tests.Support;

/// <summary>Asks a running host over HTTP, as any client would.</summary>
internal sealed class HostClient(Uri url) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = url };

    public void Dispose() => _http.Dispose();

    public async Task<JsonElement> GetAsync(string path) => await _http.GetFromJsonAsync<JsonElement>(path);

    /// <summary>Asks for the status until it is as wanted. Each question is a round trip, so this does not spin.</summary>
    public async Task<JsonElement> StatusAsync(Func<JsonElement, bool> wanted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            JsonElement status = await _http.GetFromJsonAsync<JsonElement>("v1/status", limit.Token);
            if (wanted(status))
            {
                return status;
            }
        }
    }

    /// <summary>Events and digest of each stream, asked one by one.</summary>
    public async Task<Dictionary<string, (long Events, string Digest)>> StreamsAsync(IEnumerable<string> streams)
    {
        var found = new Dictionary<string, (long, string)>();
        foreach (string stream in streams)
        {
            JsonElement answer = await GetAsync($"v1/streams/{Uri.EscapeDataString(stream)}");
            found.Add(stream, (answer.GetProperty("events").GetInt64(), answer.GetProperty("stateDigest").GetString()!));
        }
        return found;
    }

    /// <summary>The digest over all streams by its definition: SHA-256 over their digests in the order of their keys' bytes.</summary>
    public static string DigestOf(IReadOnlyDictionary<string, (long Events, string Digest)> streams)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string stream in streams.Keys.OrderBy(k => Convert.ToHexString(Encoding.UTF8.GetBytes(k)), StringComparer.Ordinal))
        {
            sha.AppendData(Convert.FromHexString(streams[stream].Digest));
        }
        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }
}
