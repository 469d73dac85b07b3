using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Foretell.Deployment.Tests.Control;
using Foretell.Engine.Events;
using Foretell.Support;

namespace Foretell.Deployment.Tests.Load;

/// <summary>Senders that append through a Service all the time. What is not acknowledged at the first try is noted and repeated,
/// with the same idempotency key, until it is.</summary>
internal sealed class Appends : IAsyncDisposable
{
    private const int Senders = 4, EventsAnAppend = 10, StreamsASender = 50;

    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(100);

    private readonly ServiceProxy _service;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _refused = [], _surprises = [];
    private readonly Task _run;
    private long _made;
    private long _longestTicks;

    /// <summary>Begins to append.</summary>
    public Appends(ServiceProxy service)
    {
        _service = service;
        _run = Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(() => RunAsync(sender))));
    }

    /// <summary>Appends acknowledged.</summary>
    public long Made => Volatile.Read(ref _made);

    /// <summary>Events acknowledged.</summary>
    public long Events => Made * EventsAnAppend;

    /// <summary>Tries that were not acknowledged, each with its time and its answer.</summary>
    public IReadOnlyCollection<string> Refused => _refused;

    /// <summary>Those among them that are neither 503 with Retry-After nor a broken connection: nobody repeats these.</summary>
    public IReadOnlyCollection<string> Surprises => _surprises;

    /// <summary>The longest time from an append's first try to its acknowledgement.</summary>
    public TimeSpan Longest => TimeSpan.FromTicks(Volatile.Read(ref _longestTicks));

    /// <summary>Begins no append any more, and waits until the last ones are acknowledged.</summary>
    public Task StopAsync()
    {
        _stop.Cancel();
        return _run;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(int sender)
    {
        using HttpClient http = _service.Connect();
        using var timer = new PeriodicTimer(s_pace);
        for (int append = 0; !_stop.IsCancellationRequested; append++, await timer.WaitForNextTickAsync())
        {
            string body = string.Join('\n', Enumerable.Range(append * EventsAnAppend, EventsAnAppend).Select(i => EventSets.Json(
                ($"load/{sender}/{i % StreamsASender}", EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow), i % 2 == 0 ? "view" : "buy"))));
            string key = Guid.NewGuid().ToString();
            var clock = Stopwatch.StartNew();
            // Every other sender has a new connection for each request; the others keep theirs as long as they can.
            while (await TryAsync(http, body, key, keep: sender % 2 == 0) is { } refusal)
            {
                _refused.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} sender {sender}: {refusal}"));
                await timer.WaitForNextTickAsync();
            }
            Interlocked.Increment(ref _made);
            InterlockedMax(ref _longestTicks, clock.Elapsed.Ticks);
        }
    }

    /// <summary>Sends an append once; returns what it got instead of an acknowledgement, or null.</summary>
    private async Task<string?> TryAsync(HttpClient http, string body, string key, bool keep)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events");
        request.Headers.Add("Idempotency-Key", key);
        request.Headers.ConnectionClose = !keep;
        request.Content = new StringContent(body, Encoding.UTF8, "application/x-ndjson");
        try
        {
            using HttpResponseMessage answer = await http.SendAsync(request);
            if (answer.StatusCode == HttpStatusCode.Accepted)
            {
                return null;
            }
            string refusal = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || answer.Headers.RetryAfter is null)
            {
                _surprises.Enqueue(refusal);
            }
            return refusal;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return $"{e.Message} {e.InnerException?.Message}";
        }
    }

    private static void InterlockedMax(ref long target, long value)
    {
        for (long seen = Volatile.Read(ref target); value > seen;)
        {
            long found = Interlocked.CompareExchange(ref target, value, seen);
            seen = found == seen ? value : found;
        }
    }
}
