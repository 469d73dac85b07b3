using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Foretell.Engine.Events;
using Foretell.Ingest.Replay;
using Foretell.Stores.Postgres;
using Foretell.Support;

namespace Foretell.Silo.Tests.Support;

/// <summary>A client that sends events through any gateway that answers, and repeats what was not acknowledged.</summary>
public sealed class Sender(SiloCluster cluster, IEnumerable<SiloProcess> gateways) : IDisposable
{
    /// <summary>Far longer than any outage of a test.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource _stop = new();
    private int _next;
    private long _accepted;

    /// <summary>Gateways to send to, in turns; one may be put in another's place at any time.</summary>
    public List<SiloProcess> Gateways { get; } = [.. gateways];

    /// <summary>Events acknowledged.</summary>
    public long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Answers other than 202 and 503, and answers of 503 without Retry-After.</summary>
    public List<string> Surprises { get; } = [];

    /// <summary>Sends events until they are acknowledged.</summary>
    public Task SendAsync(params (string Stream, long Ticks, string Mark)[] events) => SendAsync(EventSets.Batch(events));

    /// <summary>Sends a batch until it is acknowledged; the idempotency key makes the repetitions harmless.</summary>
    public async Task SendAsync(EventBatch batch)
    {
        var body = new ArrayBufferWriter<byte>();
        EventEncoder.WriteNdjson(batch, body);
        string key = Guid.NewGuid().ToString();
        using var limit = new CancellationTokenSource(s_limit);
        for (; ; await Task.Delay(20, limit.Token))
        {
            SiloProcess gateway = Gateways[_next++ % Gateways.Count];
            if (gateway.HasExited)
            {
                continue;
            }
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway.Url, "/v1/events"));
                request.Headers.Add("Idempotency-Key", key);
                request.Content = new ReadOnlyMemoryContent(body.WrittenMemory);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
                using HttpResponseMessage answer = await cluster.Http.SendAsync(request);
                if (answer.StatusCode == HttpStatusCode.Accepted)
                {
                    Interlocked.Add(ref _accepted, batch.Count);
                    return;
                }
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || answer.Headers.RetryAfter is null)
                {
                    Surprises.Add($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
                }
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
            {
                // That gateway is gone, or on its way out: the next one gets the same request.
            }
        }
    }

    /// <summary>Sends a workload in small batches over and over, until stopped.</summary>
    public Task RunAsync(IReadOnlyList<(string Stream, long Ticks, string Mark)> events, int batchSize) => Task.Run(async () =>
    {
        while (true)
        {
            foreach ((string, long, string)[] chunk in events.Chunk(batchSize))
            {
                if (_stop.IsCancellationRequested)
                {
                    return;
                }
                await SendAsync(chunk);
            }
        }
    });

    /// <summary>Ends <see cref="RunAsync"/> behind the batch that it is sending.</summary>
    public void Stop() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();
}
