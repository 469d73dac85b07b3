using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Tests.Decoding;

public sealed class EventDecoderTests
{
    private const string Json = "application/json";
    private const string Ndjson = "application/x-ndjson";

    [Theory]
    [InlineData("application/json")]
    [InlineData("Application/JSON; charset=utf-8")]
    [InlineData("application/json; charset=\"UTF-8\"")]
    [InlineData("application/x-ndjson")]
    [InlineData("application/ndjson")]
    [InlineData("text/csv; header=present")]
    [InlineData("application/cloudevents+json")]
    [InlineData("application/cloudevents-batch+json; charset=utf-8")]
    public void For_WhenTypeIsKnown_FindsDecoder(string contentType) => Assert.NotNull(EventDecoder.For(contentType));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("json")]
    [InlineData("text/csv; header=absent")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/json;;;=")]
    public void For_WhenTypeIsUnknown_FindsNone(string? contentType) => Assert.Null(EventDecoder.For(contentType));

    [Fact]
    public void Decode_WhenOneEvent_ReadsEveryField()
    {
        Decoded decoded = Decoded.From(Json, """{"stream":"a/b","time":1.5,"mark":"buy","id":"x-1","extra":{"time":[1]}}""");

        Assert.Equal([new DecodedRow("a/b", 15_000_000, "buy", "x-1")], decoded.Events);
        Assert.Empty(decoded.Rejections);
    }

    [Theory]
    [InlineData("""{"user_id":"a","time":1}""", "\"user_id\": did you mean 'stream'?")]
    [InlineData("""{"Stream":"a","time":1}""", "\"Stream\": did you mean 'stream'?")]
    [InlineData("""{"stream":"a","timestamp":1}""", "\"timestamp\": did you mean 'time'?")]
    [InlineData("""{"stream":"a","time":1,"type":"buy"}""", "\"type\": did you mean 'mark'?")]
    [InlineData("""{"Event_Type":"buy","stream":"a","time":1}""", "\"Event_Type\": did you mean 'mark'?")]
    public void Decode_WhenAFieldGoesByAnotherName_SaysWhichWasMeant(string body, string meant)
    {
        Decoded decoded = Decoded.From(Json, body);

        Assert.Empty(decoded.Events);
        Assert.EndsWith(meant, Assert.Single(decoded.Rejections).Reason);
    }

    [Theory]
    [InlineData("""{"stream":"a","time":1,"mark":"buy","type":"sensor","timestamp":3,"user":"b"}""")]
    [InlineData("""{"stream":"a","time":1,"mark":null,"type":"sensor"}""")]
    [InlineData("""{"stream":"a","time":1,"amount":12,"tags":["x"]}""")]
    public void Decode_WhenTheFieldItselfIsThere_LeavesTheSendersOwnMembersAlone(string body) =>
        Assert.Single(Decoded.From(Json, body).Events);

    [Theory]
    [InlineData("1769860800000", "milliseconds: send seconds (1769860800).")]
    [InlineData("1769860800500", "milliseconds: send seconds (1769860800.5).")]
    [InlineData("1769860800000000", "microseconds: send seconds (1769860800).")]
    [InlineData("1769860800000000000", "nanoseconds: send seconds (1769860800).")]
    public void Decode_WhenATimeIsInASmallerUnit_SaysWhichAndWhatToSend(string time, string meant)
    {
        Decoded decoded = Decoded.From(Json, $$"""{"stream":"a","time":{{time}}}""");

        Assert.EndsWith(meant, Assert.Single(decoded.Rejections).Reason);
    }

    [Theory]
    [InlineData("1e40")]
    [InlineData("-1769860800000")]
    public void Decode_WhenATimeIsNoneInAnyUnit_NamesNoUnit(string time) =>
        Assert.DoesNotContain("seconds:", Assert.Single(Decoded.From(Json, $$"""{"stream":"a","time":{{time}}}""").Rejections).Reason);

    [Fact]
    public void Decode_WhenFieldsAreIntegersOrNull_TakesDecimalTextOrNothing()
    {
        Decoded decoded = Decoded.From(Json, """[{"stream":42,"time":0,"mark":-7,"id":null},{"stream":-0,"time":0,"mark":null}]""");

        Assert.Equal([new DecodedRow("42", 0, "-7", ""), new DecodedRow("0", 0, "", "")], decoded.Events);
    }

    [Fact]
    public void Decode_WhenTextHasEscapes_ResolvesThem()
    {
        Decoded decoded = Decoded.From(Json,
            """{"\u0073tream":"\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t","time":"2026-01-31T12:00:00\u005a","mark":"\u0041","id":"\u0042"}""");

        Assert.Equal("é😀\"\\/\b\f\n\r\t", decoded.Events[0].Stream);
        Assert.Equal("A", decoded.Events[0].Mark);
        Assert.Equal("B", decoded.Events[0].Id);
        Assert.Equal(EventTime.FromDateTimeOffset(new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero)), decoded.Events[0].Ticks);
    }

    [Fact]
    public void Decode_WhenNeighboursAreBad_KeepsGoodEvents()
    {
        Decoded decoded = Decoded.From(Json, """[1,{"stream":"a","time":1},null,[{}],{"stream":"b"},{"stream":"c","time":2}]""");

        Assert.Equal(["a", "c"], decoded.Events.Select(e => e.Stream));
        Assert.Equal([0, 2, 3, 4], decoded.Rejections.Select(r => r.Index));
        Assert.Contains("got the number 1", decoded.Rejections[0].Reason);
        Assert.Contains("got an array", decoded.Rejections[2].Reason);
    }

    [Theory]
    [InlineData("""{"time":1}""", "'stream' is missing")]
    [InlineData("""{"stream":"a"}""", "'time' is missing")]
    [InlineData("""{"stream":"a","stream":"b","time":1}""", "'stream' is there twice")]
    [InlineData("""{"stream":"a","time":1,"time":1}""", "'time' is there twice")]
    [InlineData("""{"stream":"a","time":1,"mark":1,"mark":2}""", "'mark' is there twice")]
    [InlineData("""{"stream":"","time":1}""", "1 to 256 bytes")]
    [InlineData("""{"stream":null,"time":1}""", "'stream' must be a string or an integer, got null")]
    [InlineData("""{"stream":1.5,"time":1}""", "got the number 1.5")]
    [InlineData("""{"stream":1e3,"time":1}""", "got the number 1e3")]
    [InlineData("""{"stream":{"a":[{}]},"time":1}""", "got an object")]
    [InlineData("""{"stream":"a","time":true}""", "RFC 3339 string with an offset")]
    [InlineData("""{"stream":"a","time":null}""", "got null")]
    [InlineData("""{"stream":"a","time":[1]}""", "got an array")]
    [InlineData("""{"stream":"a","time":"tomorrow"}""", "got \"tomorrow\"")]
    [InlineData("""{"stream":"a","time":"2026-01-31T12:00:00"}""", "has no offset")]
    [InlineData("""{"stream":"a","time":"2026-01-31T12:00:00\ud800Z"}""", "'time' must be")]
    [InlineData("""{"stream":"a","time":1e300}""", "within years 1 to 9999")]
    [InlineData("""{"stream":"a","time":1,"mark":false}""", "'mark' must be a string or an integer, got false")]
    [InlineData("""{"stream":"a","time":1,"id":5}""", "'id' must be a string, got the number 5")]
    [InlineData("""{"stream":"\ud800","time":1}""", "half of a surrogate pair")]
    [InlineData("""{"stream":"\udc00\ud800","time":1}""", "half of a surrogate pair")]
    [InlineData("""{"stream":"\ud800\u0041","time":1}""", "half of a surrogate pair")]
    public void Decode_WhenEventIsBad_SaysWhatWasSeenAndExpected(string body, string expected)
    {
        Assert.Contains(expected, Assert.Single(Decoded.From(Json, body).Rejections).Reason);
        Assert.Contains(expected, Assert.Single(Decoded.From(Ndjson, body).Rejections).Reason);
    }

    [Theory]
    [InlineData(256, 0)]
    [InlineData(257, 1)]
    public void Decode_WhenTextIsAtItsLimit_CountsBytesAfterEscapes(int bytes, int rejected)
    {
        string plain = new('x', bytes);
        string escaped = "\\u0078" + plain[1..];
        foreach (string text in (string[])[plain, escaped])
        {
            foreach (string field in (string[])["stream", "mark", "id"])
            {
                string stream = field == "stream" ? "" : "\"stream\":\"s\",";
                Decoded decoded = Decoded.From(Json, $"{{{stream}\"time\":1,\"{field}\":\"{text}\"}}");
                Assert.Equal(rejected, decoded.Rejections.Count(r => r.Reason.Contains("got 257")));
                Assert.Equal(1 - rejected, decoded.Events.Count);
            }
        }
    }

    [Fact]
    public void Decode_WhenIntegerIsLongerThanAKey_IsRejected()
    {
        string digits = new('9', 300);

        Assert.Contains("got 300", Decoded.From(Json, $$"""{"stream":{{digits}},"time":1}""").Rejections[0].Reason);
    }

    [Theory]
    [InlineData(new byte[] { 0xC3, 0x28 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xFF })]
    public void Decode_WhenUtf8IsInvalid_IsRejected(byte[] text)
    {
        byte[] body = [.. "{\"time\":1,\"stream\":\"a"u8, .. text, .. "\"}"u8];

        Assert.Contains("invalid UTF-8", Assert.Single(Decoded.From(Json, body).Rejections).Reason);
        Assert.Contains("invalid UTF-8", Assert.Single(Decoded.From(Ndjson, body).Rejections).Reason);
    }

    [Theory]
    [InlineData("", 1, 1)]
    [InlineData(" \n ", 1, 1)]
    [InlineData("stream,time\na,1", 1, 1)]
    [InlineData("[{\"stream\":\"a\",\n\"time\":NaN}]", 2, 8)]
    [InlineData("[{\"stream\":\"a\",\"time\":1}", 1, 25)]
    [InlineData("{} {}", 1, 4)]
    [InlineData("[1,]", 1, 4)]
    public void Decode_WhenBodyIsNotJson_SaysWhere(string body, long line, long byteInLine)
    {
        var error = Assert.Throws<MalformedBodyException>(() => Decoded.From(Json, body));

        Assert.Equal((line, byteInLine), (error.Line, error.ByteInLine));
    }

    [Fact]
    public void Decode_WhenNestedTooDeep_SaysSo()
    {
        string deep = $$"""{"stream":"a","time":1,"x":{{new string('[', 100)}}{{new string(']', 100)}}}""";

        Assert.Contains("depth of 64", Assert.Throws<MalformedBodyException>(() => Decoded.From(Json, deep)).Message);
        Assert.Contains("depth of 64", Assert.Single(Decoded.From(Ndjson, deep).Rejections).Reason);
    }

    [Fact]
    public void Decode_WhenBodyStartsWithByteOrderMark_SkipsIt()
    {
        const string body = "\uFEFF{\"stream\":\"a\",\"time\":1}";

        Assert.Single(Decoded.From(Json, body).Events);
        Assert.Single(Decoded.From(Ndjson, body).Events);
    }

    [Fact]
    public void DecodeNdjson_WhenLinesAreBroken_RejectsOnlyThose()
    {
        Decoded decoded = Decoded.From(Ndjson,
            "{\"stream\":\"a\",\"time\":1}\r\n{\"stream\":\"b\"\n\n{\"stream\":\"c\",\"time\":2} {}\n{]}\nhello\n  {\"stream\":\"d\",\"time\":3}  \n \r\n");

        Assert.Equal(["a", "d"], decoded.Events.Select(e => e.Stream));
        Assert.Equal([1, 2, 3, 4], decoded.Rejections.Select(r => r.Index));
        Assert.Contains("got \"hello\"", decoded.Rejections[3].Reason);
        Assert.Contains("byte 2", decoded.Rejections[2].Reason);
    }

    [Fact]
    public void Decode_WhenAThousandLinesAreNoJson_TakesTheOthers()
    {
        Decoded decoded = Decoded.From(Ndjson, string.Concat(Enumerable.Repeat("{x}\n", 1000)) + """{"stream":"a","time":1}""");

        Assert.Single(decoded.Events);
    }

    [Fact]
    public void Decode_WhenMoreLinesAreNoJson_RefusesTheBody()
    {
        // Each of them costs an exception of the reader: 8 MB of such lines took 14 s.
        string body = """{"stream":"a","time":1}""" + "\n" + string.Concat(Enumerable.Repeat("{x}\n", 2_000_000));

        var refused = Assert.Throws<MalformedBodyException>(() => Decoded.From(Ndjson, body));

        Assert.Equal((1002, 2), (refused.Line, refused.ByteInLine));
        Assert.StartsWith("More than 1000 lines are no JSON. Of the latest: The line is not JSON at byte 2:", refused.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"\n")]
    public async Task Decode_WhenEachLineOpensAQuoteThatEndsFarAway_LooksAtTheBodyAFewTimes(string end)
    {
        // Each record reaches to the end of the body: to look for it anew for each took minutes.
        string body = "stream,time\n" + string.Concat(Enumerable.Repeat("a\",\"\n", 400_000)) + end;

        Decoded decoded = await Task.Run(() => Decoded.From("text/csv", body)).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Empty(decoded.Events);
    }

    [Theory]
    [InlineData(Json)]
    [InlineData(Ndjson)]
    public void Decode_WhenWhatIsNoJsonIsLong_QuotesItsBeginning(string contentType)
    {
        // The reader's own message quotes a wrong literal to its end: an answer as long as the request, or a hundred of them.
        string body = $"{{\"stream\":n{new string('x', 100_000)}}}";
        string reason;
        try
        {
            reason = Assert.Single(Decoded.From(contentType, body).Rejections).Reason;
        }
        catch (MalformedBodyException malformed)
        {
            reason = malformed.Message;
        }
        Assert.InRange(reason.Length, 20, 400);
    }
}
