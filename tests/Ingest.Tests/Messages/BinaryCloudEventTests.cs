using System.Collections.Frozen;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Tests.Decoding;

namespace Foretell.Ingest.Tests.Messages;

public sealed class BinaryCloudEventTests
{
    private const string Structured =
        """{"specversion":"1.0","id":"e-1","source":"/shop","subject":"c-7","type":"buy","time":"2026-01-31T12:00:00Z","data":{"id":2}}""";

    private static readonly long s_noon = EventTime.FromDateTimeOffset(new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));

    private static readonly DecodedRow s_expected = new("c-7", s_noon, "buy", "e-1");

    private static readonly (string Name, object? Value)[] s_attributes =
    [
        ("specversion", "1.0"), ("id", "e-1"), ("source", "/shop"), ("subject", "c-7"), ("type", "buy"), ("time", "2026-01-31T12:00:00Z"),
    ];

    [Theory]
    [InlineData("application/cloudevents+json", Structured)]
    [InlineData("application/cloudevents+json; charset=utf-8", Structured)]
    [InlineData("application/cloudevents-batch+json", $"[{Structured}]")]
    public void Decode_WhenACloudEventIsStructured_ReadsItsBody(string contentType, string body)
    {
        Assert.Equal(s_expected, DecodedMessage.From(body, contentType).Event);
        Assert.Equal(s_expected, DecodedMessage.From(body, contentType, properties: [("cloudEvents:id", "other")]).Event);
    }

    [Fact]
    public void Decode_WhenOneOfABatchIsBad_KeepsItsNeighbours()
    {
        DecodedMessage decoded = DecodedMessage.From($"[{Structured},{{}},{Structured}]", "application/cloudevents-batch+json");

        Assert.Equal([s_expected, s_expected], decoded.Events);
        Assert.Equal(1, Assert.Single(decoded.Rejections).Index);
    }

    [Fact]
    public void Decode_WhenOneIsSentAsABatch_SaysWhatWasExpected() => Assert.Contains("must be a JSON array of events, got an object",
        DecodedMessage.From(Structured, "application/cloudevents-batch+json").Refusal);

    [Theory]
    [InlineData("cloudEvents:", null, "")]
    [InlineData("cloudEvents_", "application/json", """{"stream":"other","time":1}""")]
    [InlineData("CLOUDEVENTS:", "image/png", "\u0001")]
    [InlineData("cloudevents_", "text/csv", "a,b")]
    [InlineData("ce_", "application/json", "not json")]
    [InlineData("CE_", null, "[]")]
    public void Decode_WhenACloudEventIsBinary_ReadsItsPropertiesAndNotItsData(string prefix, string? contentType, string data)
    {
        DecodedMessage decoded = DecodedMessage.From(data, contentType, properties: WithPrefix(prefix, s_attributes));
        Assert.Equal(s_expected, decoded.Event);

        (string, object?)[] bytes = [.. s_attributes.Select(a => (a.Name, (object?)Encoding.UTF8.GetBytes((string)a.Value!)))];
        Assert.Equal(s_expected, DecodedMessage.From(data, contentType, properties: WithPrefix(prefix, bytes)).Event);

        (string, object?)[] upper = [.. s_attributes.Select(a => (a.Name.ToUpperInvariant(), a.Value))];
        Assert.Equal(s_expected, DecodedMessage.From(data, contentType, properties: WithPrefix(prefix, upper)).Event);
    }

    [Fact]
    public void Decode_WhenPrefixesAreMixed_ReadsOneEvent() => Assert.Equal(s_expected, DecodedMessage.From("",
        properties: [.. WithPrefix("cloudEvents:", s_attributes[..3]), .. WithPrefix("cloudEvents_", s_attributes[3..])]).Event);

    [Fact]
    public void Decode_WhenPropertiesAreOfAnotherKindOfDictionary_ReadsThemToo()
    {
        BrokerMessage message = DecodedMessage.Message("", null, null, WithPrefix("ce_", s_attributes));

        Assert.Equal(s_expected, DecodedMessage.From(message with { Properties = message.Properties!.ToFrozenDictionary() }).Event);
    }

    [Fact]
    public void Decode_WhenAttributesHaveTypesOfTheirOwn_ReadsThem()
    {
        var id = Guid.Parse("6f9619ff-8b86-d011-b42d-00cf4fc964ff");
        (string, object?)[] typed = [("specversion", "1.0"), ("id", id), ("source", new Uri("/shop?q=é", UriKind.Relative)),
            ("type", 42), ("time", new DateTimeOffset(2026, 1, 31, 13, 0, 0, TimeSpan.FromHours(1))), ("subject", null)];

        Assert.Equal(new DecodedRow("/shop?q=é", s_noon, "42", id.ToString()),
            DecodedMessage.From("", properties: WithPrefix("cloudEvents:", typed)).Event);
    }

    [Theory]
    [InlineData("+02:00", -2)]
    [InlineData("-03:30", 3.5)]
    public void Decode_WhenATimeHasAnOffset_TakesItIntoAccount(string offset, double hours)
    {
        (string, object?)[] attributes = [.. s_attributes[..5], ("time", $"2026-01-31T12:00:00{offset}")];

        Assert.Equal(s_noon + (long)(hours * TimeSpan.TicksPerHour),
            DecodedMessage.From("", properties: WithPrefix("cloudEvents:", attributes)).Event.Ticks);
    }

    [Theory]
    [InlineData("specversion", null, "'specversion' is missing; expected \"1.0\".")]
    [InlineData("specversion", 1, "'specversion' must be \"1.0\", got the string \"1\".")]
    [InlineData("id", null, "'id' is missing; a CloudEvent needs one.")]
    [InlineData("id", "", "'id' must not be empty.")]
    [InlineData("source", null, "'source' is missing; a CloudEvent needs one.")]
    [InlineData("type", null, "'type' is missing; a CloudEvent needs one.")]
    [InlineData("type", new[] { 1 }, "'type' must be a string, a number, a boolean, a GUID, a time, a URI or bytes of UTF-8, "
        + "got a property of type Int32[].")]
    [InlineData("type", new byte[] { 0xC3, 0x28 }, "'type' is no valid Unicode")]
    [InlineData("time", null, "'time' is missing; expected an RFC 3339 time")]
    [InlineData("time", 5L, "'time' must be an RFC 3339 string with an offset")]
    [InlineData("time", "2026-01-31T12:00:00", "has no offset")]
    public void Decode_WhenAnAttributeIsBad_RefusesTheMessageAndDoesNotReadItsDataInstead(string attribute, object? value, string reason)
    {
        (string, object?)[] attributes = [.. s_attributes.Select(a => a.Name == attribute ? (a.Name, value) : a)];

        Assert.Contains(reason, DecodedMessage.From("""{"stream":"other","time":1}""", "application/json",
            properties: WithPrefix("cloudEvents:", attributes)).Refusal);
    }

    [Theory]
    [InlineData(256, true)]
    [InlineData(257, false)]
    public void Decode_WhenASubjectIsAtItsLimit_CountsItsBytes(int bytes, bool isGood)
    {
        (string, object?)[] attributes = [.. s_attributes.Where(a => a.Name != "subject"), ("subject", new string('<', bytes))];

        DecodedMessage decoded = DecodedMessage.From("", properties: WithPrefix("ce_", attributes));

        Assert.Equal(isGood ? 1 : 0, decoded.Events.Count);
        Assert.All(decoded.Rejections, r => Assert.Equal("'subject' must be at most 256 bytes of UTF-8, got 257.", r.Reason));
    }

    [Fact]
    public void Decode_WhenAnAttributeIsThereUnderTwoPrefixes_RefusesTheMessage() => Assert.Contains("'id' is there twice",
        DecodedMessage.From("", properties: [.. WithPrefix("cloudEvents:", s_attributes), ("cloudEvents_id", "e-2")]).Refusal);

    [Fact]
    public void Decode_WhenABodyIsUnreadable_ReadsTheCloudEventWhoseDataItIs() => Assert.Equal(s_expected, DecodedMessage.From(
        DecodedMessage.Message("", null, null, WithPrefix("cloudEvents:", s_attributes)) with { Unreadable = "The body is a value." }).Event);

    private static (string, object?)[] WithPrefix(string prefix, IEnumerable<(string Name, object? Value)> attributes) =>
        [.. attributes.Select(a => (prefix + a.Name, a.Value))];
}
