using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Tests.Decoding;

public sealed class CloudEventTests
{
    private const string One = "application/cloudevents+json";
    private const string Batch = "application/cloudevents-batch+json";

    private static readonly long s_noon = EventTime.FromDateTimeOffset(new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Decode_WhenSubjectIsThere_SubjectIsTheStream()
    {
        Decoded decoded = Decoded.From(Batch, """
            [{"specversion":"1.0","id":"1","source":"/shop","subject":"c-7","type":"buy","time":"2026-01-31T12:00:00Z","data":{"id":2}},
             {"subject":"c-8","specversion":"1.0","id":"2","source":"/shop","type":"view","time":"2026-01-31T13:00:00+01:00"}]
            """);

        Assert.Equal([new DecodedRow("c-7", s_noon, "buy", "1"), new DecodedRow("c-8", s_noon, "view", "2")], decoded.Events);
    }

    [Fact]
    public void Decode_WhenSubjectIsAbsentOrNull_SourceIsTheStream()
    {
        Decoded decoded = Decoded.From(One,
            """{"specversion":"1.0","id":"1","source":"/pump/3","subject":null,"type":"tick","time":"2026-01-31T12:00:00Z"}""");

        Assert.Equal([new DecodedRow("/pump/3", s_noon, "tick", "1")], decoded.Events);
    }

    [Theory]
    [InlineData("specversion", null, "'specversion' is missing")]
    [InlineData("specversion", "\"0.3\"", "must be \"1.0\", got the string \"0.3\"")]
    [InlineData("specversion", "1.0", "must be \"1.0\", got the number 1.0")]
    [InlineData("id", null, "'id' is missing")]
    [InlineData("id", "\"\"", "'id' must not be empty")]
    [InlineData("id", "7", "'id' must be a string, got the number 7")]
    [InlineData("source", null, "'source' is missing")]
    [InlineData("source", "\"\"", "'source' must not be empty")]
    [InlineData("type", null, "'type' is missing")]
    [InlineData("type", "[]", "'type' must be a string, got an array")]
    [InlineData("time", null, "'time' is missing")]
    [InlineData("time", "null", "'time' is missing")]
    [InlineData("time", "5", "'time' must be an RFC 3339 string with an offset, got the number 5")]
    [InlineData("subject", "\"\"", "'subject' must not be empty")]
    [InlineData("subject", "{}", "'subject' must be a string, got an object")]
    public void Decode_WhenAttributeIsBad_SaysWhich(string attribute, string? value, string expected)
    {
        var attributes = new Dictionary<string, string?>
        {
            ["specversion"] = "\"1.0\"",
            ["id"] = "\"1\"",
            ["source"] = "\"/s\"",
            ["type"] = "\"t\"",
            ["subject"] = "\"x\"",
            ["time"] = "\"2026-01-31T12:00:00Z\"",
        };
        attributes[attribute] = value;
        string body = "{" + string.Join(',', attributes.Where(a => a.Value is not null).Select(a => $"\"{a.Key}\":{a.Value}")) + "}";

        Assert.Contains(expected, Assert.Single(Decoded.From(One, body).Rejections).Reason);
        Assert.Contains(expected, Assert.Single(Decoded.From(Batch, $"[{body}]").Rejections).Reason);
    }

    [Fact]
    public void Decode_WhenAttributeComesTwice_IsRejected() => Assert.Contains("'type' is there twice",
        Decoded.From(One, """{"specversion":"1.0","type":"a","type":"b"}""").Rejections[0].Reason);

    [Fact]
    public void Decode_WhenBatchIsOneObject_IsMalformed() =>
        Assert.Contains("must be a JSON array", Assert.Throws<MalformedBodyException>(() => Decoded.From(Batch, "{}")).Message);

    [Fact]
    public void Decode_WhenSingleIsAnArray_PointsToTheBatchType() =>
        Assert.Contains("cloudevents-batch+json", Assert.Throws<MalformedBodyException>(() => Decoded.From(One, "[]")).Message);
}
