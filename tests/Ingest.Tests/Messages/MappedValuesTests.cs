using Foretell.Ingest.Messages;
using Foretell.Ingest.Tests.Decoding;

namespace Foretell.Ingest.Tests.Messages;

public sealed class MappedValuesTests
{
    private const string Mapping = "stream=/id,time=/ts,mark=/type,values.amount=/data/amount,values.of total=@property.total,label=/became";

    [Fact]
    public void Decode_WhenValuesAreMapped_ReadsThemWhereTheyAre()
    {
        DecodedMessage decoded = DecodedMessage.From("""
            [{"id":"a","ts":1,"type":"buy","data":{"amount":12.5}},{"id":"a","ts":2,"type":"buy","data":{"amount":"-1e2"}},
             {"id":"a","ts":3,"type":"buy","data":{"amount":null}},{"id":"a","ts":4,"type":"buy","data":{"amount":""}},{"id":"a","ts":5}]
            """, null, Mapping, null, ("total", 7.25));

        Assert.Equal(["of total=7.25 amount=12.5", "of total=7.25 amount=-100", "of total=7.25", "of total=7.25", "of total=7.25"],
            decoded.Events.Select(e => e.Values));
        Assert.Equal("amount=1", DecodedMessage.From("""{"id":"a","ts":1,"data":{"amount":1}}""", null, Mapping).Event.Values);
    }

    [Theory]
    [InlineData("12", "x=12")]
    [InlineData(12, "x=12")]
    [InlineData(1.5f, "x=1.5")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void Decode_WhenAValueStandsBesideTheBody_ReadsNumbersAndTextsThatAreOne(object? value, string expected) =>
        Assert.Equal(expected, DecodedMessage.From("", null, "stream=@partitionKey,values.x=@property.x", "key", ("x", value)).Event.Values);

    [Theory]
    [InlineData("""{"id":"a","ts":1,"data":{"amount":"much"}}""", "'values.amount' must be a finite number, such as -12.3 or 1e6, or nothing, got \"much\". The mapping says values.amount=/data/amount.")]
    [InlineData("""{"id":"a","ts":1,"data":{"amount":"NaN"}}""", "got \"NaN\".")]
    [InlineData("""{"id":"a","ts":1,"data":{"amount":1e999}}""", "got \"1e999\".")]
    [InlineData("""{"id":"a","ts":1,"data":{"amount":true}}""", "'values.amount' must be a finite number, such as -12.3 or 1e6, or nothing, got true.")]
    [InlineData("""{"id":"a","ts":1,"data":{"amount":[1]}}""", "or nothing, got an array.")]
    [InlineData("""{"id":"a","ts":1,"data":{"amount":1,"amount":2}}""", "'values.amount' is there twice; expected it once.")]
    [InlineData("""{"id":"a","ts":1,"type":"buy","became":"churned"}""", "'label' is there together with 'mark'")]
    [InlineData("""{"id":"a","ts":1,"data":{"amount":1},"became":"churned"}""", "'label' is there together with 'values'")]
    public void Decode_WhenAMappedValueIsNone_SaysWhy(string body, string expected) =>
        Assert.Contains(expected, DecodedMessage.From(body, null, Mapping).Refusal);

    [Fact]
    public void Decode_WhenAPropertyIsNoNumber_SaysWhy() => Assert.Contains("'values.of total' must be a finite number",
        DecodedMessage.From("""{"id":"a","ts":1}""", null, Mapping, null, ("total", true)).Refusal);

    [Fact]
    public void Decode_WhenALabelIsMapped_IsALabelWhereThereIsOne()
    {
        DecodedMessage decoded = DecodedMessage.From("""[{"id":"a","ts":1,"became":"churned"},{"id":"a","ts":2,"became":null,"type":"buy"}]""", null, Mapping);

        Assert.Equal([new("a", 10_000_000, "churned", "") { IsLabel = true }, new("a", 20_000_000, "buy", "")], decoded.Events);
        Assert.Equal(new DecodedRow("key", DecodedMessage.EnqueuedTicks, "7", "") { IsLabel = true },
            DecodedMessage.From("", null, "stream=@partitionKey,label=@property.l", "key", ("l", 7)).Event);
    }

    [Fact]
    public void Decode_WhenAMessageIsPlain_ReadsValuesAndLabelsAsTheApiDoes()
    {
        Assert.Equal("amount=2.5", DecodedMessage.From("""{"stream":"a","time":1,"values":{"amount":2.5}}""").Event.Values);
        Assert.True(DecodedMessage.From("""{"stream":"a","time":1,"label":"x"}""", "application/json").Event.IsLabel);
        Assert.Contains("must be a finite number or null", DecodedMessage.From("""{"stream":"a","time":1,"values":{"amount":"2"}}""").Refusal);
    }

    [Theory]
    [InlineData("cloudEvents:")]
    [InlineData("ce_")]
    public void Decode_WhenABinaryCloudEventHasValues_ReadsThemFromItsBody(string prefix)
    {
        (string, object?)[] Attributes(string type) => [(prefix + "specversion", "1.0"), (prefix + "id", "1"), (prefix + "source", "/s"),
            (prefix + "type", type), (prefix + "time", "1970-01-01T00:00:00Z")];

        Assert.Equal(new DecodedRow("/s", 0, "buy", "1") { Values = "amount=2" },
            DecodedMessage.From("""{"values":{"amount":2}}""", "application/json", properties: Attributes("buy")).Event);
        Assert.Equal(new DecodedRow("/s", 0, "gone", "1") { IsLabel = true },
            DecodedMessage.From("""{"label":"gone"}""", null, properties: Attributes("foretell.label")).Event);
        Assert.Equal(new DecodedRow("/s", 0, "buy", "1"),
            DecodedMessage.From("""{"values":{"amount":2}}""", "text/plain", properties: Attributes("buy")).Event);
    }

    [Theory]
    [InlineData("stream=/a,time=@enqueuedTime,values.amount=/b/amount,label=/c,values.a:b=@property.x y")]
    public void Parse_WhenValuesAreMapped_ReadsWhatItWritesItself(string text) => Assert.Equal(text, MessageMapping.Parse(text).ToString());

    [Theory]
    [InlineData("stream=/a,values=/b", "The mapping names 'values' at character 11; expected stream, time, mark, id, label or values.NAME. Did you mean 'values.NAME'?")]
    [InlineData("stream=/a,values.=/b", "The mapping names 'values.'. A value needs a name of 1 to 64 bytes of UTF-8, got 0.")]
    [InlineData("stream=/a,values.x=/b,values.x=/c", "The mapping names 'values.x' twice, again in 'values.x=/c'; expected it once.")]
    [InlineData("stream=/a,values.x=@enqueuedTime", "The mapping reads 'values.x' from @enqueuedTime, which is a time and no number")]
    [InlineData("stream=/a,values.x=b", "The mapping reads 'values.x' from 'b'; expected a JSON pointer")]
    [InlineData("stream=/a,label:ms=/b", "The mapping gives 'label' the unit 'ms'")]
    public void Parse_WhenAValueIsMappedBadly_SaysWhatWasExpected(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => MessageMapping.Parse(text)).Message);

    [Fact]
    public void Parse_WhenMoreValuesAreMappedThanAnEventHas_SaysSo()
    {
        string sixteen = "stream=/a," + string.Join(',', Enumerable.Range(0, 16).Select(i => $"values.v{i}=/{i}"));
        string body = $"{{\"a\":\"s\",{string.Join(',', Enumerable.Range(0, 16).Select(i => $"\"{i}\":{i}"))}}}";

        Assert.Equal(string.Join(' ', Enumerable.Range(0, 16).Select(i => $"v{i}={i}")), DecodedMessage.From(body, null, sixteen).Event.Values);
        Assert.Equal("The mapping names 'values.v16'. An event has at most 16 values, and this is one more.",
            Assert.Throws<FormatException>(() => MessageMapping.Parse($"{sixteen},values.v16=/b")).Message);
    }
}
