using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Foretell.Support;
using Foretell.Web.Events;
using Foretell.Web.Http;

namespace Foretell.Web.Tests;

public class IdempotencyTests
{
    private const string Body = """[{"stream":"a","time":1},{"stream":"","time":2},{"stream":"a","time":3}]""";

    [Fact]
    public async Task IdempotencyKey_WhenRequestIsRepeated_AnswersAsTheFirstTimeAndAppendsNothing()
    {
        await using var api = await ApiHost.StartAsync();
        ApiResponse first = await PostAsync(api, "k-1", Body);

        ApiResponse second = await PostAsync(api, "k-1", Body);

        AssertSameAnswer(first, second);
        Assert.Null(first.Header("Idempotent-Replayed"));
        Assert.Equal(2, api.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task IdempotencyKey_WhenHostRestartsBetween_AnswersAsTheFirstTime()
    {
        using var directory = new TemporaryFolder();
        ApiResponse first;
        await using (var api = await ApiHost.StartAsync(directory: directory.Path))
        {
            first = await PostAsync(api, "k-1", Body);
        }
        await using var restarted = await ApiHost.StartAsync(directory: directory.Path);

        ApiResponse second = await PostAsync(restarted, "k-1", Body);

        AssertSameAnswer(first, second);
        Assert.Equal(2, restarted.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task IdempotencyKey_WhenBodyOrTypeDiffers_Answers409()
    {
        await using var api = await ApiHost.StartAsync();
        await PostAsync(api, "k-1", """{"stream":"a","time":1}""");

        ApiResponse otherBody = await PostAsync(api, "k-1", """{"stream":"a","time":2}""");
        ApiResponse otherType = await PostAsync(api, "k-1", """{"stream":"a","time":1}""", "application/x-ndjson");

        otherBody.AssertProblem(409, "idempotency-conflict");
        otherType.AssertProblem(409, "idempotency-conflict");
        Assert.Equal(1, api.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task IdempotencyKey_WhenOnlyTheTypesParametersDiffer_CountsAsARepeat()
    {
        await using var api = await ApiHost.StartAsync();
        await PostAsync(api, "k-1", Body);

        ApiResponse second = await PostAsync(api, "k-1", Body, "application/json; charset=UTF-8");

        Assert.Equal("true", second.Header("Idempotent-Replayed"));
    }

    [Fact]
    public async Task IdempotencyKey_WhenKeysDiffer_AppendsTwice()
    {
        await using var api = await ApiHost.StartAsync();
        await PostAsync(api, "k-1", Body);

        await PostAsync(api, "k-2", Body);

        Assert.Equal(4, api.Platform.Status().EventsAccepted);
    }

    [Theory]
    [InlineData(0, 400)]
    [InlineData(256, 202)]
    [InlineData(257, 400)]
    public async Task IdempotencyKey_WhenItsLengthIsAtTheLimits_IsTakenOrRefused(int length, int status)
    {
        await using var api = await ApiHost.StartAsync();

        ApiResponse answer = await PostAsync(api, new string('k', length), Body);

        Assert.Equal(status, (int)answer.Status);
        if (status == 400)
        {
            answer.AssertProblem(400, "invalid-idempotency-key");
        }
    }

    [Fact]
    public async Task IdempotencyKey_WhenSentTwice_Answers400()
    {
        await using var api = await ApiHost.StartAsync();
        string length = Body.Length.ToString();

        // Written by hand, since HTTP clients join repeated headers into one.
        ApiResponse answer = await api.SendRawAsync(
            $"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + $"Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: {length}\r\n\r\n{Body}");

        answer.AssertProblem(400, "invalid-idempotency-key");
    }

    [Fact]
    public async Task IdempotencyKey_WhenEveryEventWasRejected_StaysFreeForTheMendedRequest()
    {
        await using var api = await ApiHost.StartAsync();
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(api, "k-1", """{"stream":"a"}""")).Status);

        ApiResponse mended = await PostAsync(api, "k-1", """{"stream":"a","time":1}""");

        Assert.Equal(HttpStatusCode.Accepted, mended.Status);
        Assert.Null(mended.Header("Idempotent-Replayed"));
        Assert.Equal(1, api.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task IdempotencyKey_WhenAlmostEveryEventIsRejected_KeepsLittleMoreThanTheRequestWas()
    {
        const int bad = 500_000;
        using var directory = new TemporaryFolder();
        await using var api = await ApiHost.StartAsync(directory: directory.Path);
        string body = $$"""[{"stream":"a","time":1},{{string.Join(',', Enumerable.Repeat("{}", bad))}}]""";

        ApiResponse first = await PostAsync(api, "k-1", body);
        ApiResponse second = await PostAsync(api, "k-1", body);

        Assert.Equal((HttpStatusCode.Accepted, bad), (first.Status, first.Json["rejectedTotal"]!.GetValue<int>()));
        Assert.Equal(100, first.Json["rejected"]!.AsArray().Count);
        Assert.Equal("500000", first.Header("Foretell-Rejected"));
        Assert.Equal("500000", second.Header("Foretell-Rejected"));
        Assert.True(JsonNode.DeepEquals(first.Json, second.Json), second.Text);
        Assert.InRange(first.Text.Length, 1, 64 << 10);
        Assert.InRange(Directory.EnumerateFiles(directory.Path).Sum(f => new FileInfo(f).Length), 1, 4 << 20);
    }

    [Fact]
    public void Payload_WhenAnEarlierReleaseKeptIt_IsRead()
    {
        byte[] payload = """[{"index":4,"reason":"why"}]"""u8.ToArray();

        RejectedEvents rejected = RejectedEvents.FromPayload(payload);

        Assert.Equal(1, rejected.Total);
        Assert.Equal([new RejectedEvent(4, "why")], rejected.First);
        // And an earlier one reads what this one keeps.
        Assert.Equal(payload, rejected.ToPayload());
        byte[] whole = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, 150).Select(i => $$"""{"index":{{i}},"reason":"why"}"""))}]");
        Assert.Equal((150, 100), (RejectedEvents.FromPayload(whole).Total, RejectedEvents.FromPayload(whole).First.Count));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("[")]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("[{\"index\":4}]")]
    [InlineData("{}")]
    [InlineData("{\"first\":[{\"index\":4,\"reason\":\"why\"}],\"total\":0}")]
    [InlineData("{\"first\":[],\"total\":-1}")]
    [InlineData("{\"first\":[],\"total\":9999999999}")]
    [InlineData("{\"first\":7,\"total\":1}")]
    public void Payload_WhenItIsDamaged_SaysSo(string payload) => Assert.Contains("which events were rejected",
        Assert.Throws<InvalidDataException>(() => RejectedEvents.FromPayload(Encoding.UTF8.GetBytes(payload))).Message);

    private static void AssertSameAnswer(ApiResponse first, ApiResponse second)
    {
        Assert.Equal(HttpStatusCode.Accepted, first.Status);
        Assert.Equal(HttpStatusCode.Accepted, second.Status);
        Assert.True(JsonNode.DeepEquals(first.Json, second.Json), second.Text);
        Assert.Single(second.Json["rejected"]!.AsArray());
        Assert.Equal("true", second.Header("Idempotent-Replayed"));
    }

    private static Task<ApiResponse> PostAsync(ApiHost api, string key, string body, string contentType = "application/json")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = ApiHost.Content(contentType, body) };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return api.SendAsync(request);
    }
}
