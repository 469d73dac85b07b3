using System.Text;
using System.Text.Json;
using Foretell.Fuzz.Running;
using Microsoft.AspNetCore.Http;

namespace Foretell.Fuzz.Targets;

/// <summary>Requests to the API in process, from routing and binding to the answer's last byte, over a platform with a log on a
/// disk.</summary>
/// <remarks>An answer of status 500 or one that is no JSON where it says so is a finding; so is one far longer than its request.</remarks>
internal static class RequestTargets
{
    internal const int MostAnswerBytes = 256 << 10;

    internal static readonly string[] Words =
    [
        "GET ", "POST ", "/v1/events", "/v1/streams/", "/forecast", "/events", "/v1/forecasts", "/v1/overdue", "/v1/alerts/events", "/v1/dead-letters",
        "/v1/models/", "/calibration", "/v1/status", "/health/ready", "/openapi/v1.json", "?after=0-1_1-1", "&at=2026-02-01T00:00:00Z", "&horizon=1h",
        "&horizon=P1DT2H", "&quantiles=0.1,0.5", "&expectedCount=false", "&marks=3", "&paths=2", "&gone=true", "&limit=10", "&newerThan=5m", "&prefix=a",
        "?columns=stream=a,time=b", "%2F", "%00", "%F0%9F%98%80", "%C0", "Content-Type: application/json", "Content-Type: text/csv", "Content-Type: application/x-ndjson",
        "Content-Type: application/cloudevents+json", "Content-Encoding: gzip", "Content-Encoding: br", "Idempotency-Key: k1", "Last-Event-ID: 12",
        "Accept: text/event-stream", "ce-specversion: 1.0", "ce-id: 1", "ce-source: s", "ce-type: t", "ce-time: 2026-01-31T12:00:00Z", "Expect: 100-continue",
        "\"streams\":[", "\"quantiles\":[", "\"horizon\":", "\"at\":", "\"expectedCount\":", "\"stream\":", "\"time\":", "\r\n", "\r\n\r\n",
    ];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("request", Send)
        {
            Seeds = [.. Seeds().Select(Encoding.UTF8.GetBytes)],
            Words = Words,
            MostBytes = 8192,
            // The work goes on in other threads.
            FreeBytes = long.MaxValue / 2,
            IsConcurrent = true,
            Share = 200,
        },
    ];

    private static IEnumerable<string> Seeds()
    {
        const string events = """[{"stream":"a","time":"2026-01-31T12:00:00Z","mark":"visit","id":"e-1"},{"stream":"a/b","time":1769860801.5}]""";
        yield return $"POST /v1/events\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\n\r\n{events}";
        yield return "POST /v1/events\r\nContent-Type: application/x-ndjson\r\n\r\n{\"stream\":\"a\",\"time\":1}\n{\"stream\":\"b\",\"time\":2}\n";
        yield return "POST /v1/events?columns=stream=user,time=at\r\nContent-Type: text/csv\r\n\r\nuser,at\na,1769860801\n";
        yield return "POST /v1/events\r\nContent-Type: text/plain\r\nce-specversion: 1.0\r\nce-id: 1\r\nce-source: s\r\nce-type: visit\r\n\r\nx";
        yield return "POST /v1/forecasts\r\nContent-Type: application/json\r\n\r\n{\"streams\":[\"a\",\"a/b\",\"nobody\"],\"horizon\":\"1h\",\"quantiles\":[0.1,0.5],\"expectedCount\":false}";
        yield return "GET /v1/streams/a%2Fb/forecast?horizon=PT1H&quantiles=0.5,0.9&expectedCount=true&marks=2&at=2026-02-01T00:00:00Z";
        yield return "GET /v1/streams/a/forecast?after=0-1&paths=2&horizon=60";
        yield return "GET /v1/streams/a\r\nAccept: */*";
        yield return "GET /v1/streams/a/events\r\nLast-Event-ID: 5";
        yield return "GET /v1/alerts/events\r\nLast-Event-ID: 0123abcd-5";
        yield return "GET /v1/overdue?limit=10&prefix=a&newerThan=1d&gone=true&at=2026-02-01T00:00:00Z";
        yield return "GET /v1/dead-letters?limit=3";
        yield return "GET /v1/models/current";
        yield return "GET /v1/models/current/calibration";
        yield return "GET /v1/status";
        yield return "GET /health/ready";
    }

    private static void Send(byte[] input)
    {
        (int status, string contentType, byte[] answer) = ApiInProcess.Next()
            .SendAsync(context => Write(context.Request, input), MostAnswerBytes).GetAwaiter().GetResult();
        RecordTargets.Require(status is >= 200 and < 600 and not 500, $"no request is answered {status}");
        RecordTargets.Require(answer.Length < MostAnswerBytes, "an answer is not far longer than its request");
        if (contentType.Contains("json", StringComparison.Ordinal) && status != 202)
        {
            using var document = JsonDocument.Parse(answer);
        }
    }

    /// <summary>Method and address up to the first line end, headers up to an empty line, then the body.</summary>
    private static void Write(HttpRequest request, byte[] input)
    {
        int end = input.AsSpan().IndexOf("\r\n\r\n"u8);
        string head = Encoding.Latin1.GetString(end < 0 ? input : input.AsSpan(0, end));
        string[] lines = head.Split("\r\n");
        string[] first = lines[0].Split(' ', 2);
        string address = first.Length < 2 ? "/" : first[1];
        int query = address.IndexOf('?');
        request.Method = first[0].Length is 0 or > 20 || !first[0].All(char.IsAsciiLetterUpper) ? "GET" : first[0];
        request.Scheme = "http";
        request.Host = new HostString("localhost");
        // As Kestrel does: the path is unescaped before it is routed, but for slashes.
        string path = (query < 0 ? address : address[..query]).Replace("%2F", "%252F", StringComparison.OrdinalIgnoreCase);
        request.Path = "/" + Uri.UnescapeDataString(path).TrimStart('/');
        request.QueryString = query < 0 ? QueryString.Empty : new QueryString(address[query..]);
        foreach (string line in lines.Skip(1).Take(50))
        {
            int colon = line.IndexOf(':');
            if (colon > 0 && line.AsSpan(0, colon).IndexOfAny(" \t\0\n"u8.ToArray().Select(b => (char)b).ToArray()) < 0)
            {
                // Control characters never come through a server's parser.
                request.Headers[line[..colon]] = new string([.. line[(colon + 1)..].Trim().Where(c => c is >= ' ' and not '\x7f')]);
            }
        }
        byte[] body = end < 0 ? [] : input[(end + 4)..];
        request.Body = new MemoryStream(body);
        request.ContentLength = body.Length;
    }
}
