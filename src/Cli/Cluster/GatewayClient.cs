using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Foretell.Cli.Shell;
using Foretell.Ingest.Replay;

namespace Foretell.Cli.Cluster;

/// <summary>Asks the cluster's gateways in turn, and asks the next one when one is away.</summary>
internal sealed class GatewayClient(IReadOnlyList<SiloProcess> gateways) : IDisposable
{
    /// <summary>Longer than a cluster takes to notice a lost silo and to serve its partitions elsewhere.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly HttpClient _http = new()
    {
        Timeout = TimeSpan.FromSeconds(30),
        DefaultRequestHeaders = { Authorization = ApiCredential.Find(null) },
    };
    private int _next;

    /// <summary>Asks until one answers.</summary>
    /// <param name="request">Makes the request, anew for each attempt.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The body, and whether the request had been answered before (<see cref="ReplayClient.ReplayedHeader"/>).</returns>
    /// <exception cref="CliException">A gateway refuses the request, every gateway has ended, or none answers for two minutes.</exception>
    public async Task<(T Answer, bool Replayed)> SendAsync<T>(Func<HttpRequestMessage> request, CancellationToken cancellation)
    {
        long started = TimeProvider.System.GetTimestamp();
        for (int attempt = 0; ; attempt++)
        {
            string trouble;
            RetryConditionHeaderValue? retryAfter = null;
            Uri gateway = NextGateway();
            try
            {
                using HttpRequestMessage message = request();
                message.RequestUri = new Uri(gateway, message.RequestUri!);
                using HttpResponseMessage answer = await _http.SendAsync(message, cancellation);
                if (answer.IsSuccessStatusCode)
                {
                    return ((await answer.Content.ReadFromJsonAsync<T>(JsonSerializerOptions.Web, cancellation))!,
                        answer.Headers.Contains(ReplayClient.ReplayedHeader));
                }
                trouble = ApiClient.Refusal(answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation));
                if (!FaultPolicy.IsTransient(answer.StatusCode))
                {
                    throw new CliException($"{gateway} refused {message.RequestUri.AbsolutePath}: {trouble}");
                }
                if (answer.StatusCode == HttpStatusCode.GatewayTimeout)
                {
                    // Work in progress, however much of it there is.
                    started = TimeProvider.System.GetTimestamp();
                }
                retryAfter = answer.Headers.RetryAfter;
            }
            catch (Exception error) when (error is not CliException && !cancellation.IsCancellationRequested
                && FaultPolicy.IsTransient(error))
            {
                trouble = $"{gateway} cannot be reached: {error.Message}";
            }
            if (TimeProvider.System.GetElapsedTime(started) > s_patience)
            {
                throw new CliException($"The cluster has not answered for {s_patience.TotalMinutes} minutes. {trouble}");
            }
            await Task.Delay(FaultPolicy.Delay(attempt, retryAfter, DateTimeOffset.UtcNow, Random.Shared), cancellation);
        }
    }

    /// <summary>Asks each gateway once at most; null when none answers.</summary>
    public async Task<T?> TryGetAsync<T>(string path, CancellationToken cancellation) where T : class
    {
        for (int attempt = 0; attempt < gateways.Count; attempt++)
        {
            try
            {
                return await _http.GetFromJsonAsync<T>(new Uri(NextGateway(), path), JsonSerializerOptions.Web, cancellation);
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested && FaultPolicy.IsTransient(error))
            {
                // The next one may know.
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private Uri NextGateway()
    {
        for (int i = 0; i < gateways.Count; i++)
        {
            SiloProcess silo = gateways[(int)((uint)Interlocked.Increment(ref _next) % gateways.Count)];
            if (!silo.HasExited)
            {
                return silo.Urls[0];
            }
        }
        throw new CliException($"Every gateway has ended. {string.Join(' ', gateways.Select(s => s.End))}");
    }
}
