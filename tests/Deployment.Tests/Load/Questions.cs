using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using Foretell.Deployment.Tests.Control;
using Foretell.Engine.Events;
using Foretell.Support;

namespace Foretell.Deployment.Tests.Load;

/// <summary>Asks for a forecast of one stream of each partition all the time, and measures how long each partition refuses.</summary>
internal sealed class Questions : IAsyncDisposable
{
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _surprises = [];
    private readonly TimeSpan[] _refused;
    private readonly Task _run;
    private int _asked;

    /// <summary>Begins to ask; <see cref="SeedAsync"/> must have been called for this log.</summary>
    public Questions(ServiceProxy service, int partitions)
    {
        _http = service.Connect();
        _refused = new TimeSpan[partitions];
        _run = Task.WhenAll(Enumerable.Range(0, partitions).Select(p => Task.Run(() => RunAsync(p, partitions))));
    }

    /// <summary>How long each partition has refused, in all: from each first refused question to the next answer.</summary>
    public IReadOnlyList<TimeSpan> Refused => _refused;

    /// <summary>Questions asked.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Answers other than 200, and 503 with Retry-After.</summary>
    public IReadOnlyCollection<string> Surprises => _surprises;

    /// <summary>Gives every partition the stream that is asked for; returns how many events that took.</summary>
    public static async Task<int> SeedAsync(ServiceProxy service, int partitions)
    {
        using HttpClient http = service.Connect();
        string body = string.Join('\n', Enumerable.Range(0, partitions)
            .Select(p => EventSets.Json((EventSets.KeyOf(p, partitions), EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow), "login"))));
        using HttpResponseMessage answer =
            await http.PostAsync(new Uri("/v1/events", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/x-ndjson"));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return partitions;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(int partition, int partitions)
    {
        var path = new Uri($"/v1/streams/{Uri.EscapeDataString(EventSets.KeyOf(partition, partitions))}/forecast?expectedCount=false", UriKind.Relative);
        using var timer = new PeriodicTimer(s_pace);
        long before = Stopwatch.GetTimestamp();
        bool refused = false;
        do
        {
            long asked = Stopwatch.GetTimestamp();
            // The time between a refused question and the next one counts as refused.
            _refused[partition] += refused ? Stopwatch.GetElapsedTime(before, asked) : TimeSpan.Zero;
            refused = !await AskAsync(partition, path);
            before = asked;
            Interlocked.Increment(ref _asked);
        }
        while (!_stop.IsCancellationRequested && await timer.WaitForNextTickAsync());
    }

    private async Task<bool> AskAsync(int partition, Uri path)
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(path);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                return true;
            }
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || answer.Headers.RetryAfter is null)
            {
                _surprises.Enqueue($"partition {partition}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            _surprises.Enqueue($"partition {partition}: {e.Message} {e.InnerException?.Message}");
        }
        return false;
    }
}
