using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Foretell.Web.Status;
using Foretell.Web.Streams;

namespace Foretell.Cli.Shell;

/// <summary>Reads from a running host and turns its problems into sentences.</summary>
internal sealed class ApiClient(Uri url, AuthenticationHeaderValue? credential) : IDisposable
{
    private readonly HttpClient _http = new()
    {
        BaseAddress = new Uri(url.AbsoluteUri.TrimEnd('/') + "/"),
        Timeout = TimeSpan.FromSeconds(60),
        DefaultRequestHeaders = { Authorization = credential },
    };

    /// <summary>The body of a successful answer.</summary>
    /// <exception cref="CliException">No host answers, or it answers with a problem.</exception>
    public async Task<string> GetAsync(string path, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(path, cancellation);
            string body = await response.Content.ReadAsStringAsync(cancellation);
            return response.IsSuccessStatusCode ? body : throw new CliException(Refusal(response.StatusCode, body));
        }
        catch (HttpRequestException failure)
        {
            throw new CliException(
                $"No host answers at {url} ({failure.Message}); start one with 'foretell run' or name another with --url.", failure);
        }
        catch (TaskCanceledException timeout) when (!cancellation.IsCancellationRequested)
        {
            throw new CliException($"The host at {url} did not answer within {_http.Timeout.TotalSeconds} s.", timeout);
        }
    }

    /// <summary>Where the host stands, once it has applied a position where one is given; null when it does not get there within its time
    /// limit or does not answer.</summary>
    public Task<StatusAnswer?> FindStatusAsync(string? position, CancellationToken cancellation) =>
        FindAsync<StatusAnswer>(position is null ? "v1/status" : $"v1/status?after={Uri.EscapeDataString(position)}", cancellation);

    /// <summary>What a model of the host knows; null when the host does not say, as older ones do not.</summary>
    public Task<ModelAnswer?> FindModelAsync(string model, CancellationToken cancellation) =>
        FindAsync<ModelAnswer>($"v1/models/{model}", cancellation);

    /// <summary>Why the newest dead letter is one: its reason, and the sentence on it. Null where there is none or the host does not
    /// answer.</summary>
    public async Task<(string? Reason, string? Detail)> FindNewestDeadLetterAsync(CancellationToken cancellation) =>
        (await FindAsync<DeadLettersAnswer>("v1/dead-letters?limit=1", cancellation))?.DeadLetters is [var newest, ..]
            ? (newest.Reason, newest.Detail) : default;

    private async Task<T?> FindAsync<T>(string path, CancellationToken cancellation) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(await GetAsync(path, cancellation), JsonSerializerOptions.Web);
        }
        catch (CliException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Why a request failed, and for one that needs another key how to give that.</summary>
    public static string Refusal(HttpStatusCode status, string body) =>
        ApiCredential.Advice(status) is { } advice ? $"{Problem(status, body)} {advice}" : Problem(status, body);

    /// <summary>The detail of a problem document (RFC 9457), or what else there is to say.</summary>
    public static string Problem(HttpStatusCode status, string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            foreach (string name in (ReadOnlySpan<string>)["detail", "title"])
            {
                if (document.RootElement.TryGetProperty(name, out JsonElement text) && text.GetString() is { Length: > 0 } sentence)
                {
                    return sentence;
                }
            }
        }
        catch (JsonException)
        {
            // Not a Foretell host, perhaps: the status has to do.
        }
        return $"The host answered with status {(int)status} ({status}).";
    }
}
