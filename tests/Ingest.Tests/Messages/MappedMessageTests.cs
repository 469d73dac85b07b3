using Foretell.Engine.Events;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Tests.Decoding;

namespace Foretell.Ingest.Tests.Messages;

public sealed class MappedMessageTests
{
    private const string Mapping = "stream=/device/id,time=/ts,mark=/type,id=@property.message-id";
    private const string Body = """{"type":"open","device":{"name":"d","id":"d-1","more":[{"id":3}]},"ts":"2026-01-31T12:00:00Z","x":[1]}""";

    private static readonly long s_noon = EventTime.FromDateTimeOffset(new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("application/octet-stream")]
    [InlineData("application/vnd.acme+json; charset=utf-8")]
    [InlineData("application/cloudevents+json")]
    public void Decode_WhenABodyIsMapped_ReadsItsFieldsWhereTheyAre(string? contentType) =>
        Assert.Equal(new DecodedRow("d-1", s_noon, "open", "m-1"),
            DecodedMessage.From(Body, contentType, Mapping, properties: ("message-id", "m-1")).Event);

    [Fact]
    public void Decode_WhenAFieldIsNotMapped_HasNone()
    {
        Assert.Equal(new DecodedRow("d-1", DecodedMessage.EnqueuedTicks, "", ""),
            DecodedMessage.From(Body, null, "stream=/device/id").Event);
        Assert.Equal(new DecodedRow("key", s_noon, "", ""), DecodedMessage.From(Body, null, "stream=@partitionKey,time=/ts", "key").Event);
    }

    [Theory]
    [InlineData("/a~1b", "slash")]
    [InlineData("/m~0n", "tilde")]
    [InlineData("/~01", "both")]
    [InlineData("/", "empty")]
    [InlineData("/list/0", "first")]
    [InlineData("/list/1/2", "third")]
    [InlineData("/map/1", "one")]
    [InlineData("/map/01", "zero one")]
    [InlineData("/é", "escaped")]
    [InlineData("/ x", "blank")]
    [InlineData("/q=\"", "quote")]
    public void Decode_WhenAPointerHasEscapesAndIndices_FollowsIt(string pointer, string expected)
    {
        const string body = """
            {"a/b":"slash","m~n":"tilde","~1":"both","":"empty","list":["first",[0,1,"third"],"x"],"map":{"1":"one","01":"zero one"},
             "\u00e9":"escaped"," x":"blank","q=\"":"quote"}
            """;

        Assert.Equal(expected, DecodedMessage.From(body, null, $"stream={pointer}").Event.Stream);
    }

    [Theory]
    [InlineData("/list/01")]
    [InlineData("/list/-")]
    [InlineData("/list/3")]
    [InlineData("/list/99999999999")]
    [InlineData("/list/0/0")]
    [InlineData("/List/0")]
    public void Decode_WhenAPointerLeadsNowhere_SaysThatTheFieldIsMissing(string pointer) => Assert.Equal(
        $"'stream' is missing; expected a string, a number or a boolean. The mapping says stream={pointer}.",
        DecodedMessage.From("""{"list":["a","b","c"]}""", null, $"stream={pointer}").Refusal);

    [Theory]
    [InlineData("42", "42")]
    [InlineData("42.0", "42.0")]
    [InlineData("-0", "-0")]
    [InlineData("1e3", "1e3")]
    [InlineData("12345678901234567890123", "12345678901234567890123")]
    [InlineData("true", "true")]
    [InlineData("false", "false")]
    [InlineData("\"\\u0041\\n\"", "A\n")]
    public void Decode_WhenAValueIsNoString_TakesItAsItIsWritten(string json, string text)
    {
        DecodedRow row = DecodedMessage.From($$"""{"s":{{json}},"m":{{json}},"i":{{json}}}""", null, "stream=/s,mark=/m,id=/i").Event;

        Assert.Equal((text, text, text), (row.Stream, row.Mark, row.Id));
    }

    [Theory]
    [InlineData("time", "1769860800", 1_769_860_800_0000000)]
    [InlineData("time", "1769860800.25", 1_769_860_800_2500000)]
    [InlineData("time", "\"1769860800.25\"", 1_769_860_800_2500000)]
    [InlineData("time", "1.5e-3", 15_000)]
    [InlineData("time", "\"1970-01-01T00:00:01+00:00\"", 10_000_000)]
    [InlineData("time", "\"1970-01-01T00:00:01\\u002b00:00\"", 10_000_000)]
    [InlineData("time:ms", "1769860800250", 1_769_860_800_2500000)]
    [InlineData("time:ms", "\"1769860800250.5\"", 1_769_860_800_2505000)]
    [InlineData("time:ms", "\"1970-01-01T00:00:01Z\"", 10_000_000)]
    [InlineData("time:ms", "-1", -10_000)]
    [InlineData("time:us", "1769860800250001", 1_769_860_800_2500010)]
    [InlineData("time:ns", "1769860800250001949", 1_769_860_800_2500019)]
    [InlineData("time:ns", "50", 1)]
    [InlineData("time:ns", "49", 0)]
    public void Decode_WhenATimeIsMapped_ReadsItInItsUnit(string field, string json, long ticks) =>
        Assert.Equal(ticks, DecodedMessage.From($$"""{"t":{{json}}}""", null, $"stream=@partitionKey,{field}=/t", "k").Event.Ticks);

    [Theory]
    [InlineData("""{"device":{"id":null},"ts":1}""",
        "'stream' must be a string, a number or a boolean, got null. The mapping says stream=/device/id.")]
    [InlineData("""{"device":{"id":{"a":1}},"ts":1}""", "'stream' must be a string, a number or a boolean, got an object.")]
    [InlineData("""{"device":{"id":[]},"ts":1}""", "'stream' must be a string, a number or a boolean, got an array.")]
    [InlineData("""{"device":"d-1","ts":1}""", "'stream' is missing; expected a string, a number or a boolean.")]
    [InlineData("""{"ts":1}""", "'stream' is missing; expected a string, a number or a boolean. The mapping says stream=/device/id.")]
    [InlineData("""{"device":{"id":"","id":"a"},"ts":1}""", "'stream' is there twice; expected it once. The mapping says stream=/device/id.")]
    [InlineData("""{"device":{"id":"b"},"device":{"id":"a"},"ts":1}""", "'stream' is there twice")]
    [InlineData("""{"device":{"id":"a"},"ts":1,"type":null,"type":"x"}""", "'mark' is there twice")]
    [InlineData("""{"device":{"id":""},"ts":1}""", "Stream must be 1 to 256 bytes of UTF-8, got 0.")]
    [InlineData("""{"device":{"id":"\ud800"},"ts":1}""", "'stream' is no valid Unicode")]
    [InlineData("""{"device":{"id":"a"}}""", "'time' is missing; expected an RFC 3339 string with an offset (\"2026-01-31T12:00:00Z\") or a "
        + "number of Unix seconds. The mapping says time=/ts.")]
    [InlineData("""{"device":{"id":"a"},"ts":null}""", "got null. The mapping says time=/ts.")]
    [InlineData("""{"device":{"id":"a"},"ts":true}""", "got true. The mapping says time=/ts.")]
    [InlineData("""{"device":{"id":"a"},"ts":{}}""", "got an object. The mapping says time=/ts.")]
    [InlineData("""{"device":{"id":"a"},"ts":"noon"}""", "got \"noon\". The mapping says time=/ts.")]
    [InlineData("""{"device":{"id":"a"},"ts":1769860800000}""", "That reads as milliseconds: send seconds (1769860800). Or name the unit in "
        + "the mapping: time:ms, time:us or time:ns. The mapping says time=/ts.")]
    [InlineData("""{"device":{"id":"a"},"ts":1,"type":[1]}""", "'mark' must be a string, a number or a boolean, got an array. "
        + "The mapping says mark=/type.")]
    [InlineData("[]x", "The body is not JSON at line 1, byte 3")]
    [InlineData("", "The message has no body; expected JSON, which the mapping reads.")]
    [InlineData("hello", "The message has no content type, and its body begins with \"hello\"; expected JSON, which begins with { or [. "
        + "Map no place in the body where it is not JSON.")]
    [InlineData("\"a\"", "begins with \"\"a\"\"; expected JSON")]
    public void Decode_WhenAMappedMessageIsBad_SaysWhyAndWhereItWasLookedFor(string body, string reason) =>
        Assert.Contains(reason, DecodedMessage.From(body, null, Mapping).Refusal);

    [Theory]
    [InlineData("text/csv", "a,b", "A table (text/csv) is not read from a message")]
    [InlineData("application/avro", "Obj\u0001", "The body, sent as \"application/avro\", begins with \"Obj\\u0001\"; expected JSON")]
    [InlineData("application/x-ndjson", "hello", "A line must be one JSON object, got \"hello\".")]
    public void Decode_WhenAMappedBodyIsNoJson_SaysWhatItIs(string contentType, string body, string reason) =>
        Assert.Contains(reason, DecodedMessage.From(body, contentType, Mapping).Refusal);

    [Fact]
    public void Decode_WhenATimeIsMappedInMilliseconds_ExpectsThem()
    {
        Assert.Contains("or a number of Unix milliseconds, got \"noon\".",
            DecodedMessage.From("""{"t":"noon"}""", null, "stream=@partitionKey,time:ms=/t", "k").Refusal);
        Assert.Equal("'time' must lie within years 1 to 9999, got \"1769860800000000\". The mapping says time:ms=/t.",
            DecodedMessage.From("""{"t":1769860800000000}""", null, "stream=@partitionKey,time:ms=/t", "k").Refusal);
    }

    [Theory]
    [InlineData("""{"device":{"id":"a"},"ts":1}""")]
    [InlineData("""{"device":{"id":"a"},"ts":1,"type":null}""")]
    public void Decode_WhenAMarkOrAnIdIsMissingOrNull_HasNone(string body) =>
        Assert.Equal(new DecodedRow("a", 10_000_000, "", ""), DecodedMessage.From(body, null, Mapping).Event);

    [Fact]
    public void Decode_WhenAMissingMarkFollowsAnEventWithOne_HasNone()
    {
        DecodedMessage decoded = DecodedMessage.From("""[{"s":"a","m":"x"},{"s":"b"},{"m":"y","s":"c"}]""", null, "stream=/s,mark=/m");

        Assert.Equal([("a", "x"), ("b", ""), ("c", "y")], decoded.Events.Select(e => (e.Stream, e.Mark)));
    }

    [Theory]
    [InlineData(null, """[{"s":"a","m":1},{"s":{}},{"s":"b"},[1],{"s":"c"}]""")]
    [InlineData("application/x-ndjson", "{\"s\":\"a\",\"m\":1}\n{\"s\":{}}\n{\"s\":\"b\"}\n[1]\n{\"s\":\"c\"}")]
    [InlineData(null, "{\"s\":\"a\",\"m\":1}\n{\"s\":{}}\n{\"s\":\"b\"}\n[1]\n{\"s\":\"c\"}")]
    public void Decode_WhenABodyHoldsSeveralObjects_MapsEachAndKeepsNeighboursOfBadOnes(string? contentType, string body)
    {
        DecodedMessage decoded = DecodedMessage.From(body, contentType, "stream=/s,mark=/m,id=@property.n", properties: ("n", 5));

        Assert.Equal([new("a", DecodedMessage.EnqueuedTicks, "1", "5"), new("b", DecodedMessage.EnqueuedTicks, "", "5"),
            new DecodedRow("c", DecodedMessage.EnqueuedTicks, "", "5")], decoded.Events);
        Assert.Equal([1, 3], decoded.Rejections.Select(r => r.Index));
    }

    [Fact]
    public void Decode_WhenAnArrayEndsBadly_AddsNoneOfIt() =>
        Assert.Contains("not JSON", DecodedMessage.From("""[{"s":"a"},{"s":{}},{"s":"b"},""", null, "stream=/s").Refusal);

    [Fact]
    public void Decode_WhenOneValueIsTwoFields_IsBoth()
    {
        DecodedRow row = DecodedMessage.From("""{"a":{"b":"x"}}""", null, "stream=/a/b,mark=/a/b").Event;

        Assert.Equal(("x", "x"), (row.Stream, row.Mark));
    }

    [Fact]
    public void Decode_WhenNoFieldIsInTheBody_DoesNotReadIt()
    {
        const string mapping = "stream=@partitionKey,time=@property.at,mark=@property.kind";
        BrokerMessage message = DecodedMessage.Message("\u0001", "image/png", "k", ("at", 2), ("kind", true));

        Assert.Equal(new DecodedRow("k", 20_000_000, "true", ""), DecodedMessage.From(message, mapping).Event);
        Assert.Single(DecodedMessage.From(message with { Body = default, Unreadable = "The body is a value." }, mapping).Events);
        Assert.Equal("The body is a value.", DecodedMessage.From(message with { Unreadable = "The body is a value." },
            "stream=/s").Refusal);
    }

    [Fact]
    public void Decode_WhenACloudEventIsMapped_MappingDecides() => Assert.Equal("buy", DecodedMessage.From("", null,
        "stream=@property.cloudEvents:type", properties: [("cloudEvents:type", "buy"), ("cloudEvents:id", "1")]).Event.Stream);

    [Theory]
    [InlineData("stream=@partitionKey",
        "'stream' is missing: the message has no partition key. Send one, or map another place. The mapping says stream=@partitionKey.")]
    [InlineData("stream=@property.device",
        "'stream' is missing: the message has no such property. Send one, or map another place. The mapping says stream=@property.device.")]
    [InlineData("stream=@property.nil", "'stream' is missing: the message has no such property.")]
    [InlineData("stream=@property.s,time=@property.t", "'time' is missing: the message has no such property.")]
    [InlineData("stream=@property.s,time=@property.s", "'time' must be an RFC 3339 string with an offset")]
    [InlineData("stream=@property.s,time=@property.late", "Or name the unit in the mapping: time:ms, time:us or time:ns.")]
    [InlineData("stream=@property.empty", "Stream must be 1 to 256 bytes of UTF-8, got 0.")]
    [InlineData("stream=@property.long", "'stream' must be at most 256 bytes of UTF-8, got 514. The mapping says stream=@property.long.")]
    [InlineData("stream=@property.s,mark=@property.long", "'mark' must be at most 256 bytes of UTF-8, got 514.")]
    public void Decode_WhenWhatStandsBesideTheBodyIsBad_SaysWhy(string mapping, string reason) =>
        Assert.Contains(reason, DecodedMessage.From("{}", null, mapping, null, ("nil", null), ("s", "s"), ("late", 1_769_860_800_000L),
            ("empty", ""), ("long", new string('é', 257))).Refusal);

    [Theory]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void Decode_WhenAMappedTextIsAtItsLimit_CountsItsBytes(int bytes, bool isGood)
    {
        string text = new('x', bytes);
        foreach (string field in (string[])["stream", "mark", "id"])
        {
            string mapping = field == "stream" ? "stream=/t" : $"stream=/s,{field}=/t";
            string beside = mapping.Replace("/t", "@property.t");
            foreach (string value in (string[])[$"\"{text}\"", $"\"\\u0078{text[1..]}\"", new('7', bytes)])
            {
                Assert.Equal(isGood ? 1 : 0, DecodedMessage.From($$"""{"s":"s","t":{{value}}}""", null, mapping).Events.Count);
            }
            Assert.Equal(isGood ? 1 : 0, DecodedMessage.From("""{"s":"s"}""", null, beside, properties: ("t", text)).Events.Count);
        }
    }
}
