using System.IO.Compression;
using System.Net;
using System.Text;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using Foretell.Web.Http;

namespace Foretell.Web.Tests;

public class PostEventsTests
{
    private const string Json = "application/json";

    [Theory]
    [InlineData(Json, """{"stream":"a","time":1769860800,"mark":"visit","id":"e1"}""", 1)]
    [InlineData(Json, """[{"stream":"a","time":1769860800},{"stream":"b","time":"2026-01-31T12:00:00.5+02:00","mark":3}]""", 2)]
    [InlineData("application/json; charset=utf-8", """[]""", 0)]
    [InlineData("application/x-ndjson", "{\"stream\":\"a\",\"time\":1}\n{\"stream\":\"b\",\"time\":2}\n", 2)]
    [InlineData("text/csv", "stream, time, mark\na, 1769860800, visit\nb, 2026-01-31T12:00:00Z, \"x, y\"\n", 2)]
    [InlineData("text/csv; charset=utf-8", "stream;time\na;1769860800.5\n", 1)]
    [InlineData("text/csv", "stream,time,mark\n", 0)]
    [InlineData(Json, """{"stream":"a","time":1769860800,"mark":"visit","values":{"amount":12.3,"temp":null}}""", 1)]
    [InlineData("application/cloudevents+json",
        """{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"a","time":"2026-01-31T12:00:00Z"}""", 1)]
    [InlineData("application/cloudevents-batch+json",
        """[{"specversion":"1.0","id":"1","source":"s","type":"t","time":"2026-01-31T12:00:00Z"}]""", 1)]
    public async Task PostEvents_WhenTypeIsSupported_AcceptsItsEvents(string contentType, string body, int accepted)
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await api.PostAsync("/v1/events", contentType, body);

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Assert.Equal(accepted, (int?)answer.Json["accepted"]);
        Assert.Empty(answer.Json["rejected"]!.AsArray());
        Assert.True(Position.TryParse((string?)answer.Json["position"], out Position position));
        await api.Platform.WaitAppliedAsync(position, CancellationToken.None);
        Assert.Equal(accepted, api.Platform.Status().EventsApplied);
    }

    [Fact]
    public async Task PostEvents_WhenEventsHaveValues_TheLogHoldsThem()
    {
        using var folder = new TemporaryFolder();
        await using (var api = await ApiHost.StartAsync(directory: folder.Path))
        {
            foreach ((string path, string type, string body) in new[]
            {
                ("", Json, """[{"stream":"a","time":1,"mark":"order","values":{"amount":12.3,"temp":71}},{"stream":"a","time":2,"values":{"amount":"12"}}]"""),
                ("", "application/x-ndjson", """{"stream":"a","time":3,"values":{"amount":-1e3,"temp":null}}"""),
                ("?columns=values=amount,temp", "text/csv", "stream,time,amount,temp\na,4,4.5,\na,5,,\n"),
                ("", "application/cloudevents+json",
                    """{"specversion":"1.0","id":"1","source":"a","type":"t","time":"1970-01-01T00:00:06Z","data":{"values":{"amount":6}}}"""),
            })
            {
                Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync("/v1/events" + path, type, body)).Status);
            }
            await PostBinaryAsync(api, [.. s_binary.Select(h => h.Name == "ce-subject" ? (h.Name, "a") : h)], Json, """{"page":7,"values":{"amount":7}}""");
        }

        await using SqliteEventLog log = SqliteEventLog.Open(Path.Combine(folder.Path, "log.db"), 2, TimeProvider.System);
        List<EventSets.Read> records = await log.ReadAllAsync(EventSets.PartitionOf("a", 2));
        Assert.Equal(["amount=12.3 temp=71", "amount=-1000", "amount=4.5", "", "amount=6", "amount=7"],
            records.Where(r => r.Kind == LogRecordKind.Event).Select(r => r.Values));
    }

    [Fact]
    public async Task PostEvents_WhenABinaryCloudEventComesAgainWithOtherValues_IsAConflict()
    {
        await using var api = await ApiHost.StartAsync();
        (string, string)[] keyed = [.. s_binary, ("Idempotency-Key", "k-1")];

        await PostBinaryAsync(api, keyed, Json, """{"values":{"amount":1}}""");
        Assert.Equal("true", (await PostBinaryAsync(api, keyed, Json, """{"other":2,"values":{"amount":1}}""")).Header("Idempotent-Replayed"));
        (await PostBinaryAsync(api, keyed, Json, """{"values":{"amount":2}}""")).AssertProblem(409, "idempotency-conflict");
    }

    [Theory]
    [InlineData("""{"stream":"a","time":1,"values":[1]}""", "'values' must be an object of numbers")]
    [InlineData("""{"stream":"a","time":1,"mark":"m","label":"x"}""", "'label' is there together with 'mark'")]
    public async Task PostEvents_WhenValuesOrALabelAreNone_SaysWhy(string body, string reason)
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await api.PostAsync("/v1/events", Json, body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.StartsWith(reason, (string?)answer.Json["rejected"]![0]!["reason"]);
    }

    [Fact]
    public async Task PostEvents_WhenSomeEventsAreBad_RejectsThemAloneWithReasons()
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await api.PostAsync("/v1/events", Json,
            """[{"stream":"a","time":1},{"time":2},{"stream":"a","time":"noon"},{"stream":"a","time":3}]""");

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Assert.Equal(2, (int?)answer.Json["accepted"]);
        var rejected = answer.Json["rejected"]!.AsArray();
        Assert.Equal([1, 2], rejected.Select(r => (int)r!["index"]!));
        Assert.Contains("stream", (string)rejected[0]!["reason"]!, StringComparison.Ordinal);
        Assert.Contains("noon", (string)rejected[1]!["reason"]!, StringComparison.Ordinal);
        Assert.Equal("2", answer.Header("Foretell-Rejected"));
    }

    [Fact]
    public async Task PostEvents_WhenColumnsAreNamed_ReadsTheTableByThem()
    {
        await using var api = await ApiHost.StartAsync();
        const string Table = "user_id,at,kind\na,1,x\nb,2\nc,3,y\n";

        ApiResponse answer = await api.PostAsync("/v1/events?columns=stream=user_id,time=at,mark=kind", "text/csv", Table);
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Assert.Equal((2, 1), ((int?)answer.Json["accepted"], (int?)answer.Json["rejected"]![0]!["index"]));

        answer = await api.PostAsync("/v1/events", "text/csv", Table);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("Name it with the parameter columns=stream=user_id,time=at.", (string?)answer.Json["detail"]);
    }

    [Theory]
    [InlineData("/v1/events?columns=stream", "text/csv", "got 'stream'")]
    [InlineData("/v1/events?columns=stream=a", Json, "names the columns of a text/csv body")]
    public async Task PostEvents_WhenColumnsMakeNoSense_SaysWhy(string path, string contentType, string expected)
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await api.PostAsync(path, contentType, "[]");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(expected, (string?)answer.Json["detail"]);
    }

    [Fact]
    public async Task PostEvents_WhenAKeyComesAgainWithOtherColumns_IsAConflict()
    {
        await using var api = await ApiHost.StartAsync();
        async Task<HttpStatusCode> PostAsync(string time)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/events?columns=stream=a,time={time}")
            {
                Content = ApiHost.Content("text/csv", "a,b,c\nx,1,2\n"),
            };
            request.Headers.Add("Idempotency-Key", "k");
            return (await api.SendAsync(request)).Status;
        }

        Assert.Equal(HttpStatusCode.Accepted, await PostAsync("b"));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync("b"));
        Assert.Equal(HttpStatusCode.Conflict, await PostAsync("c"));
    }

    [Fact]
    public async Task PostEvents_WhenEveryEventIsGood_SaysNothingOfRejections()
    {
        await using var api = await ApiHost.StartAsync();

        Assert.Null((await api.PostAsync("/v1/events", Json, """{"stream":"a","time":1}""")).Header("Foretell-Rejected"));
    }

    [Theory]
    [InlineData(Json, """{"stream":"a"}""", 1)]
    [InlineData(Json, """[{"time":1},{"stream":"a","time":"noon"}]""", 2)]
    [InlineData("application/x-ndjson", "{}\n{}\n{}\n", 3)]
    [InlineData("text/csv", "stream,time\n,1\na,noon\na\n", 3)]
    [InlineData("application/cloudevents+json", """{"specversion":"1.0","id":"1","source":"s","type":"t"}""", 1)]
    public async Task PostEvents_WhenEveryEventIsBad_Answers422WithTheReasons(string contentType, string body, int events)
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await api.PostAsync("/v1/events", contentType, body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal(0, (int?)answer.Json["accepted"]);
        Assert.Equal(Enumerable.Range(0, events), answer.Json["rejected"]!.AsArray().Select(r => (int)r!["index"]!));
        Assert.Equal($"{events}", answer.Header("Foretell-Rejected"));
        Assert.Equal(0, api.Platform.Status().EventsAccepted);
    }

    private static readonly (string Name, string Value)[] s_binary =
    [
        ("ce-specversion", "1.0"), ("ce-id", "e-1"), ("ce-source", "/shop"), ("ce-subject", "customer%20%C3%A9"),
        ("ce-type", "\"pur\\\"chase\""), ("ce-time", "2026-01-31T12:00:00Z"), ("ce-traceparent", "00-x"),
    ];

    [Theory]
    [InlineData("application/json", """{"stream":"other","time":1}""")]
    [InlineData("application/json", "not json")]
    [InlineData("image/png", "\u0001")]
    [InlineData(null, "")]
    public async Task PostEvents_WhenACloudEventComesInBinaryMode_ReadsItsHeadersAndNotItsData(string? contentType, string data)
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await PostBinaryAsync(api, s_binary, contentType, data);

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Assert.Equal(1, (int?)answer.Json["accepted"]);
        await api.Platform.WaitAppliedAsync(PositionOf(answer), CancellationToken.None);
        ApiResponse stream = await api.GetAsync("/v1/streams/customer%20%C3%A9");
        Assert.Equal("2026-01-31T12:00:00Z", (string?)stream.Json["lastEventTime"]);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync("/v1/streams/other")).Status);
    }

    [Theory]
    [InlineData("ce-specversion", "'specversion' is missing")]
    [InlineData("ce-id", "'id' is missing")]
    [InlineData("ce-source", "'source' is missing")]
    [InlineData("ce-type", "'type' is missing")]
    [InlineData("ce-time", "'time' is missing")]
    public async Task PostEvents_WhenABinaryCloudEventLacksAnAttribute_Answers422AndDoesNotReadItsDataInstead(string header, string reason)
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer =
            await PostBinaryAsync(api, [.. s_binary.Where(h => h.Name != header)], Json, """{"stream":"other","time":1}""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains(reason, (string?)answer.Json["rejected"]![0]!["reason"]);
        Assert.Equal(0, api.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task PostEvents_WhenABinaryCloudEventIsRepeatedUnderItsKey_AppendsItOnce()
    {
        await using var api = await ApiHost.StartAsync();
        (string, string)[] keyed = [.. s_binary, ("Idempotency-Key", "k-1")];
        await PostBinaryAsync(api, keyed, Json, "{}");

        (string, string)[] again = [.. keyed.Reverse().Where(h => h.Item1 != "ce-traceparent"), ("ce-traceparent", "00-y")];
        Assert.Equal("true", (await PostBinaryAsync(api, again, Json, "[]")).Header("Idempotent-Replayed"));
        (string, string)[] other = [.. keyed.Select(h => h.Item1 == "ce-id" ? ("ce-id", "e-2") : h)];
        (await PostBinaryAsync(api, other, Json, "{}")).AssertProblem(409, "idempotency-conflict");
    }

    [Fact]
    public async Task PostEvents_WhenAStructuredCloudEventHasSuchHeadersToo_ReadsItsBody()
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await PostBinaryAsync(api, s_binary, "application/cloudevents+json",
            """{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"inside","time":"2026-01-31T12:00:00Z"}""");

        await api.Platform.WaitAppliedAsync(PositionOf(answer), CancellationToken.None);
        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/v1/streams/inside")).Status);
    }

    private static Position PositionOf(ApiResponse answer)
    {
        Assert.True(Position.TryParse((string?)answer.Json["position"], out Position position));
        return position;
    }

    private static Task<ApiResponse> PostBinaryAsync(ApiHost api, (string Name, string Value)[] headers, string? contentType, string data)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = ApiHost.Content(contentType, data) };
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        return api.SendAsync(request);
    }

    [Theory]
    [InlineData("""{"stream":"a","time":1""")]
    [InlineData("")]
    [InlineData("not json")]
    public async Task PostEvents_WhenBodyIsMalformed_Answers400AndAppendsNothing(string body)
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await api.PostAsync("/v1/events", Json, body);

        answer.AssertProblem(400, "malformed-body");
        Assert.Equal(0, api.Platform.Status().EventsAccepted);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData(null)]
    public async Task PostEvents_WhenTypeIsNotSupported_Answers415NamingThoseThatAre(string? contentType)
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await api.PostAsync("/v1/events", contentType, """{"stream":"a","time":1}""");

        Assert.Contains("application/x-ndjson", answer.AssertProblem(415, "unsupported-media-type"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PostEvents_WhenBodyExceedsTheLimit_Answers413(bool chunked)
    {
        await using var api = await ApiHost.StartAsync(o => o.MaxBodyBytes = 1000);
        // The limit itself still passes.
        Assert.Equal(HttpStatusCode.Accepted, (await api.PostAsync("/v1/events", Json, OneEventOf(1000))).Status);

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = ApiHost.Content(Json, OneEventOf(1001)) };
        request.Headers.TransferEncodingChunked = chunked;
        ApiResponse answer = await api.SendAsync(request);

        answer.AssertProblem(413, "body-too-large");
        Assert.Equal(1, api.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task PostEvents_WhenBodyArrivesInManyPieces_ReadsItWhole()
    {
        await using var api = await ApiHost.StartAsync();
        string body = string.Concat(Enumerable.Range(0, 20_000).Select(i => $$"""{"stream":"s{{i % 50}}","time":{{i}}}""" + "\n"));

        ApiResponse answer = await api.PostAsync("/v1/events", "application/x-ndjson", body);

        Assert.Equal(20_000, (int?)answer.Json["accepted"]);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task PostEvents_WhenBodyIsCompressed_ReadsWhatItHolds(string encoding)
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await PostCompressedAsync(api, encoding, Compress(encoding, """[{"stream":"a","time":1},{"stream":"a","time":2}]"""));

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Assert.Equal(2, (int?)answer.Json["accepted"]);
    }

    [Fact]
    public async Task PostEvents_WhenDecompressedBodyExceedsTheLimit_Answers413()
    {
        await using var api = await ApiHost.StartAsync(o => o.MaxBodyBytes = 10_000);
        byte[] compressed = Compress("gzip", OneEventOf(10_001));
        Assert.InRange(compressed.Length, 1, 1000);

        ApiResponse answer = await PostCompressedAsync(api, "gzip", compressed);

        answer.AssertProblem(413, "body-too-large");
    }

    [Theory]
    [InlineData("gzip", "/v1/events")]
    [InlineData("deflate", "/v1/events")]
    [InlineData("br", "/v1/events")]
    [InlineData("gzip", "/v1/forecasts")]
    [InlineData("deflate", "/v1/forecasts")]
    [InlineData("br", "/v1/forecasts")]
    public async Task Post_WhenCompressionIsDamaged_Answers400(string encoding, string path)
    {
        await using var api = await ApiHost.StartAsync();
        byte[] whole = Compress(encoding, $$"""{"streams":["a"],"stream":"a","time":1,"text":"{{string.Concat(Enumerable.Range(0, 500))}}"}""");
        whole.AsSpan(whole.Length / 2, 8).Fill(0xFF);

        // Brotli has no checksum: what is damaged may unpack to something that is no event.
        (await PostCompressedAsync(api, encoding, whole, path: path)).AssertProblem(400, "malformed-body");
        byte[] never = Encoding.UTF8.GetBytes("this was never compressed");
        Assert.StartsWith("The compressed body is damaged: ",
            (await PostCompressedAsync(api, encoding, never, path: path)).AssertProblem(400, "malformed-body"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task PostEvents_WhenCompressedDataIsCutShort_Answers400AndKeepsNothing(string encoding)
    {
        await using var api = await ApiHost.StartAsync();
        byte[] whole = Compress(encoding, string.Concat(Enumerable.Range(0, 20_000).Select(i => $$"""{"stream":"a","time":{{i}}}""" + "\n")));

        foreach (int cut in new[] { whole.Length - 1, whole.Length / 2 })
        {
            ApiResponse answer = await PostCompressedAsync(api, encoding, whole[..cut], "application/x-ndjson");
            answer.AssertProblem(400, "malformed-body");
        }
        Assert.Equal(0, api.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task PostEvents_WhenEncodingIsUnknown_Answers415NamingThoseThatAreKnown()
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await PostCompressedAsync(api, "zstd", [1, 2, 3]);

        Assert.Contains("gzip", answer.AssertProblem(415, "unsupported-media-type"), StringComparison.Ordinal);
        Assert.Contains("gzip", answer.Header("Accept-Encoding")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PostEvents_WhenLogTakesNoWrites_Answers503WithRetryAfter()
    {
        await using var api = await ApiHost.StartAsync(
            wrap: platform =>
                new FaultyPlatform(platform) { OnAppend = () => throw new PlatformUnavailableException("The disk is full.") });

        ApiResponse answer = await api.PostAsync("/v1/events", Json, """{"stream":"a","time":1}""");

        Assert.Equal("The disk is full.", answer.AssertProblem(503, "unavailable"));
        Assert.Equal("1", answer.Header("Retry-After"));
    }

    private static string OneEventOf(int bytes)
    {
        const string Event = """{"stream":"a","time":1}""";
        return Event + new string(' ', bytes - Event.Length);
    }

    private static byte[] Compress(string encoding, string text)
    {
        using var buffer = new MemoryStream();
        using (Stream stream = encoding == "br" ? new BrotliStream(buffer, CompressionLevel.Fastest)
            : encoding == "deflate" ? new ZLibStream(buffer, CompressionLevel.Fastest)
            : new GZipStream(buffer, CompressionLevel.Fastest))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }
        return buffer.ToArray();
    }

    private static Task<ApiResponse> PostCompressedAsync(ApiHost api, string encoding, byte[] body, string contentType = Json,
        string path = "/v1/events")
    {
        var content = new ByteArrayContent(body);
        content.Headers.Add("Content-Type", contentType);
        content.Headers.Add("Content-Encoding", encoding);
        return api.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = content });
    }
}
