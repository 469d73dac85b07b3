using System.Net;
using System.Net.Http.Headers;
using Foretell.Engine.Events;
using Foretell.Ingest.Files;

namespace Foretell.Ingest.Replay;

/// <summary>Sends a file of events to a running host.</summary>
/// <remarks>
/// One request is in flight at a time, so every stream's events arrive in file order whatever fails in between;
/// the next request is read and encoded meanwhile. Each request carries an idempotency key made from what the file
/// says up to its end: a replay that is cut off and repeated appends every event once.
/// </remarks>
public sealed class ReplayClient
{
    /// <summary>Header of an answer that tells a repeated request from a first one.</summary>
    public const string ReplayedHeader = "Idempotent-Replayed";

    private readonly HttpClient _http;
    private readonly Uri _events;
    private readonly TimeProvider _time;
    private readonly Random _jitter;

    /// <param name="http">Sends the requests; its Timeout bounds each attempt.</param>
    /// <param name="host">Address of the host, such as http://localhost:5080.</param>
    /// <param name="time">Clock that paces and waits; null takes the system's.</param>
    /// <param name="jitter">Randomness of the waits between retries; null takes the shared one.</param>
    public ReplayClient(HttpClient http, Uri host, TimeProvider? time = null, Random? jitter = null)
    {
        _http = http;
        _events = new Uri(host.AbsoluteUri.TrimEnd('/') + "/v1/events");
        _time = time ?? TimeProvider.System;
        _jitter = jitter ?? Random.Shared;
    }

    /// <summary>Sends the whole file.</summary>
    /// <exception cref="EventFileException">The file cannot be read; requests before the fault have been sent.</exception>
    /// <exception cref="ReplayException">The host refused a request, or was away for longer than
    /// <see cref="ReplayOptions.RetryFor"/>.</exception>
    public async Task<ReplaySummary> RunAsync(string path, ReplayOptions options, IProgress<ReplayProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1);
        if (options.Speed is { } speed && !(speed > 0 && double.IsFinite(speed)))
        {
            throw new ArgumentOutOfRangeException(nameof(options), speed, "Speed must be a number above 0 (times real time).");
        }

        var totals = new ReplayTotals();
        using var requests = new InterruptibleReader<ReplayRequest>(ReplayPlan.Requests(path, options));
        ReplayRequest? request = await NextAsync(requests, cancellationToken);
        long start = _time.GetTimestamp();
        long? firstTicks = null;
        while (request is not null)
        {
            Task<ReplayRequest?> next = NextAsync(requests, cancellationToken);
            try
            {
                firstTicks ??= request.DueTicks;
                await WaitUntilDueAsync(request.DueTicks - firstTicks.Value, options.Speed, start, cancellationToken);
                (ReplayResponse response, bool replayed) =
                    await SendAsync(request, options, totals, progress, cancellationToken);
                totals.Add(request, response, replayed);
                progress?.Report(totals.Progress(null));
                if (options.Answered is { } answered)
                {
                    await answered(totals.Summary(_time.GetElapsedTime(start)), cancellationToken);
                }
            }
            finally
            {
                // The reader must be at rest before it is disposed, whatever happened to the request; its own
                // fault is met below, after this request's.
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            request = await next;
        }
        return totals.Summary(_time.GetElapsedTime(start));
    }

    private static async Task<ReplayRequest?> NextAsync(InterruptibleReader<ReplayRequest> requests, CancellationToken cancellationToken) =>
        await requests.MoveNextAsync(cancellationToken) ? requests.Current : null;

    private async Task WaitUntilDueAsync(long ticksSinceFirst, double? speed, long start, CancellationToken cancellationToken)
    {
        if (speed is null)
        {
            return;
        }
        TimeSpan due = TimeSpan.FromSeconds(ticksSinceFirst / (double)EventTime.PerSecond / speed.Value);
        // A timer takes no more than 49 days at once.
        TimeSpan longest = TimeSpan.FromDays(30);
        for (TimeSpan wait; (wait = due - _time.GetElapsedTime(start)) > TimeSpan.Zero;)
        {
            await Task.Delay(wait < longest ? wait : longest, _time, cancellationToken);
        }
    }

    private async Task<(ReplayResponse Response, bool Replayed)> SendAsync(ReplayRequest request,
        ReplayOptions options, ReplayTotals totals, IProgress<ReplayProgress>? progress, CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        for (int attempt = 0; ; attempt++)
        {
            string trouble;
            Exception? cause = null;
            RetryConditionHeaderValue? retryAfter = null;
            try
            {
                using HttpResponseMessage answer = await PostAsync(request, cancellationToken);
                byte[] body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
                // 422 is an answer like any other: each of the events is rejected, with its reason.
                if (answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.UnprocessableEntity)
                {
                    return (ReplayResponse.Parse(body, _events), IsReplayed(answer));
                }
                trouble = $"{_events} answered {(int)answer.StatusCode} ({ReplayResponse.Problem(body)})";
                if (!FaultPolicy.IsTransient(answer.StatusCode))
                {
                    throw new ReplayException($"{trouble} to request {request.Number}, events {request.FirstEvent} to "
                        + $"{request.FirstEvent + request.Events - 1} of the file.{Advice(answer.StatusCode)}");
                }
                retryAfter = answer.Headers.RetryAfter;
            }
            catch (Exception error) when (error is not ReplayException && !cancellationToken.IsCancellationRequested)
            {
                if (!FaultPolicy.IsTransient(error))
                {
                    throw new ReplayException($"{_events} cannot be reached: {error.Message}", error);
                }
                trouble = $"{_events} cannot be reached ({error.Message})";
                cause = error;
            }

            TimeSpan delay = FaultPolicy.Delay(attempt, retryAfter, _time.GetUtcNow(), _jitter);
            if (_time.GetElapsedTime(start) + delay > options.RetryFor)
            {
                throw new ReplayException($"{trouble}, and {attempt + 1} attempts within {options.RetryFor.TotalSeconds:0} s did not help. "
                    + "Start the same replay again once the host is well: events that it has are not appended twice.", cause);
            }
            totals.Retries++;
            progress?.Report(totals.Progress(trouble));
            await Task.Delay(delay, _time, cancellationToken);
        }
    }

    private Task<HttpResponseMessage> PostAsync(ReplayRequest request, CancellationToken cancellationToken)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, _events) { Content = new ByteArrayContent(request.Body) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        message.Headers.Add("Idempotency-Key", request.Key);
        return _http.SendAsync(message, cancellationToken);
    }

    private static bool IsReplayed(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues(ReplayedHeader, out IEnumerable<string>? values) && values.Contains("true");

    private static string Advice(HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed => " Is this the address of a Foretell host?",
        HttpStatusCode.RequestEntityTooLarge => " Send smaller batches.",
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            " Give a key that allows it in the environment variable FORETELL_API_KEY, or in a file with --api-key-file.",
        _ => "",
    };
}
