using System.Text;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Tests.Decoding;

namespace Foretell.Ingest.Tests.Messages;

public sealed class MessageDecoderTests
{
    private const string One = """{"stream":"a","time":1,"mark":"x","id":"7"}""";
    private const string Two = """{"stream":"b","time":2}""";

    private static readonly DecodedRow s_one = new("a", 10_000_000, "x", "7"), s_two = new("b", 20_000_000, "", "");

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("application/json")]
    [InlineData("Application/JSON; charset=\"UTF-8\"")]
    [InlineData("application/x-ndjson")]
    [InlineData("application/ndjson; charset=utf-8")]
    public void Decode_WhenAMessageIsOneEvent_ReadsIt(string? contentType)
    {
        Assert.Equal(s_one, DecodedMessage.From(One, contentType).Event);
        Assert.Equal(s_one, DecodedMessage.From($"\uFEFF \r\n{One}\n", contentType).Event);
    }

    [Theory]
    [InlineData(null, $"[{One},{Two}]")]
    [InlineData("application/json", $"[\n  {One},\n  {Two}\n]")]
    [InlineData(null, $"[\n{One},\n{Two}\n]")]
    [InlineData(null, $"{One}\n{Two}")]
    [InlineData(null, $"{One}\r\n\r\n  {Two}  \n\n")]
    [InlineData("application/x-ndjson", $"{One}\n{Two}\n")]
    [InlineData("application/ndjson", $"{One}\n{Two}\n")]
    public void Decode_WhenAMessageIsSeveralEvents_ReadsThemInOrder(string? contentType, string body)
    {
        DecodedMessage decoded = DecodedMessage.From(body, contentType);

        Assert.Equal([s_one, s_two], decoded.Events);
        Assert.Empty(decoded.Rejections);
    }

    [Theory]
    [InlineData("application/json", $$"""[{{One}},{"stream":"x"},{{Two}},4]""")]
    [InlineData(null, $"{One}\n{{\"stream\":\"x\"\n{Two}\n{{]}}")]
    [InlineData("application/x-ndjson", $"{One}\nnonsense\n{Two}\n{{}}")]
    public void Decode_WhenSomeOfAMessagesEventsAreBad_KeepsTheirNeighbours(string? contentType, string body)
    {
        DecodedMessage decoded = DecodedMessage.From(body, contentType);

        Assert.Equal([s_one, s_two], decoded.Events);
        Assert.Equal([1, 3], decoded.Rejections.Select(r => r.Index));
        Assert.All(decoded.Rejections, r => Assert.EndsWith(".", r.Reason));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[ \n ]")]
    public void Decode_WhenAnArrayIsEmpty_FindsNothingToAddAndNothingToRefuse(string body)
    {
        DecodedMessage decoded = DecodedMessage.From(body);

        Assert.Empty(decoded.Events);
        Assert.Empty(decoded.Rejections);
    }

    [Theory]
    [InlineData(null, "", "The message has no body; expected an event in JSON.")]
    [InlineData("application/json", " \n", "The message has no body; expected an event in JSON.")]
    [InlineData("application/x-ndjson", "\uFEFF\n\n", "The message has no body; expected an event in JSON.")]
    [InlineData(null, "stream,time\na,1",
        "The message has no content type, and its body begins with \"stream,time\\u000aa,1\"; expected JSON, which begins with { or [. "
        + "Send JSON, or a content type that is read: "
        + "application/json, application/x-ndjson, application/cloudevents+json or application/cloudevents-batch+json.")]
    [InlineData("text/csv", "stream,time\na,1",
        "A table (text/csv) is not read from a message; expected JSON. Send its rows as application/x-ndjson, one event a line.")]
    [InlineData("application/avro", One, "Content type \"application/avro\" is not read from a message; expected "
        + "application/json, application/x-ndjson, application/cloudevents+json or application/cloudevents-batch+json, in UTF-8. "
        + "Send one of these, none where the body is JSON, or map the fields of the message.")]
    [InlineData("application/json; charset=utf-16", One, "Content type \"application/json; charset=utf-16\" is not read")]
    [InlineData("application/cloudevents+avro", One, "Content type \"application/cloudevents+avro\" is not read")]
    [InlineData("\u001b[31m;;", One, "Content type \"\\u001b[31m;;\" is not read")]
    [InlineData("application/json", $"{One}\n{Two}", "The body is not JSON at line 2, byte 1")]
    [InlineData("application/json", $"[{One},{Two}", "The body is not JSON at line 1, byte")]
    [InlineData(null, $"[{One},{{]", "The body is not JSON at line 1, byte")]
    [InlineData("application/json", "[1,{\"stream\":\"a\",\"time\":1},NaN]", "The body is not JSON at line 1, byte")]
    [InlineData(null, """{"stream":"a"}""", "'time' is missing; expected an RFC 3339 string")]
    [InlineData("application/json", """{"stream":null,"time":1}""", "'stream' must be a string or an integer, got null.")]
    [InlineData("application/json", """{"stream":"a","time":1769860800000}""", "milliseconds: send seconds (1769860800).")]
    [InlineData("application/json", "17", "An event must be a JSON object, got the number 17.")]
    public void Decode_WhenAMessageIsBad_RefusesTheWholeAndLeavesTheBatch(string? contentType, string body, string reason) =>
        Assert.Contains(reason, DecodedMessage.From(body, contentType).Refusal);

    [Fact]
    public void Decode_WhenAMessageIsNestedTooDeep_RefusesIt()
    {
        string deep = $$"""[{{One}},{"stream":"a","time":1,"x":{{new string('[', 100)}}{{new string(']', 100)}}}]""";

        Assert.Contains("depth of 64", DecodedMessage.From(deep).Refusal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("application/x-ndjson")]
    public void Decode_WhenABodyIsNoUtf8_RefusesIt(string? contentType)
    {
        byte[] text = [.. "{\"time\":1,\"stream\":\"a"u8, 0xC3, 0x28, .. "\"}"u8];

        Assert.Contains("invalid UTF-8", DecodedMessage.From(DecodedMessage.Message("", contentType) with { Body = text }).Refusal);
        Assert.NotEmpty(DecodedMessage.From(DecodedMessage.Message("", contentType) with { Body = new byte[] { 0xFF, 0x00 } }).Refusal);
    }

    [Theory]
    [InlineData("stream")]
    [InlineData("mark")]
    [InlineData("id")]
    public void Decode_WhenATextIsLongerThanAnEventMayHave_RefusesIt(string field)
    {
        string stream = field == "stream" ? "" : "\"stream\":\"s\",";
        string Body(int bytes) => $"{{{stream}\"time\":1,\"{field}\":\"{new string('x', bytes)}\"}}";

        Assert.Single(DecodedMessage.From(Body(256)).Events);
        Assert.Contains($"'{field}' must be at most 256 bytes of UTF-8, got 257.", DecodedMessage.From(Body(257)).Refusal);
    }

    [Fact]
    public void Decode_WhenASourceCouldNotReadTheBody_TellsItsReason()
    {
        BrokerMessage message = DecodedMessage.Message("", "application/json") with { Unreadable = "The body is a sequence." };

        Assert.Equal("The body is a sequence.", DecodedMessage.From(message).Refusal);
    }

    [Fact]
    public void Decode_WhenContentTypesChangeFromMessageToMessage_ReadsEachByItsOwn()
    {
        var decoder = new MessageDecoder();
        (string? Type, string Body, bool IsGood)[] messages =
        [
            ("application/json", One, true), ("text/plain", One, false), (null, $"{One}\n{Two}", true), ("text/csv", One, false),
            ("application/x-ndjson", One, true), ("application/json", $"{One}\n{Two}", false), ("application/json", One, true),
        ];

        Assert.All(messages, m => Assert.Equal(m.IsGood,
            DecodedMessage.From(DecodedMessage.Message(m.Body, m.Type), decoder).Events.Count > 0));
    }

    [Fact]
    public void Decode_WhenPropertiesAreOfNoCloudEvent_ReadsTheBody() => Assert.Equal(s_one,
        DecodedMessage.From(One, null, properties: [("ce_weight", 3), ("cloudEvents", "no"), ("id", 5), ("ce_id", null)]).Event);

    [Theory]
    [InlineData("{\n \"stream\": \"a\",\n \"time\": 1,\n \"x\":\n {\"y\": [\n {\"z\": 1},\n {\"z\": 2}\n ]\n }\n}\n")]
    [InlineData("{\"x\":{}\n,\"stream\":\"a\",\"y\":[{}\n,{}\n]\n,\"time\":1\n}")]
    [InlineData("[\n{\n\"stream\":\"a\",\"time\":1,\"x\":{\"y\":{}\n}\n}\n]")]
    public void Decode_WhenADocumentIsWrittenOverLines_ReadsItAsOne(string body) =>
        Assert.Equal(new DecodedRow("a", 10_000_000, "", ""), DecodedMessage.From(body).Event);

    [Theory]
    [InlineData("nonsense\n" + One)]
    [InlineData(One + "\nnonsense")]
    public void Decode_WhenOneOfTwoLinesIsNonsense_KeepsTheOther(string body)
    {
        DecodedMessage decoded = DecodedMessage.From(body);

        Assert.Equal([s_one], decoded.Events);
        Assert.Contains("A line must be one JSON object, got \"nonsense\".", Assert.Single(decoded.Rejections).Reason);
    }

    [Fact]
    public void Decode_WhenAMessageIsALargeArray_ReadsAllOfIt()
    {
        string body = $"[{string.Join(',', Enumerable.Range(0, 5000).Select(i => $$"""{"stream":"s{{i}}","time":{{i}}}"""))}]";

        DecodedMessage decoded = DecodedMessage.From(body);

        Assert.Equal(Enumerable.Range(0, 5000).Select(i => $"s{i}"), decoded.Events.Select(e => e.Stream));
        Assert.True(Encoding.UTF8.GetByteCount(body) > 100_000);
    }
}
