using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Messages;
using Foretell.Support;

namespace Foretell.Ingest.Tests.Messages;

public sealed class MessageAllocationTests
{
    private const int Count = 2000;
    private const string Plain = """{"stream":"caf\u00e9","time":1769860800.25,"mark":"buy","id":"e-1"}""";
    private const string Foreign = """{"device":{"id":"d-1","site":"x"},"ts":1769860800250,"type":"open","tags":["a\u0062",{}]}""";
    private const string ToForeign = "stream=/device/id,time:ms=/ts,mark=/type,id=@property.message-id";

    [Theory]
    [InlineData(Plain, "application/json", null)]
    [InlineData(Plain, "application/json; charset=utf-8", null)]
    [InlineData(Plain, null, null)]
    [InlineData($"{Plain}\n{Plain}", null, null)]
    [InlineData(Foreign, "application/json", ToForeign)]
    [InlineData(Foreign, null, ToForeign)]
    [InlineData("", null, "stream=@partitionKey,mark=@property.message-id")]
    [InlineData("""{"stream":"a","time":1,"values":{"amount":2.5,"caf\u00e9":1}}""", null, null)]
    [InlineData("""{"stream":"a","time":1,"label":"x\u0061"}""", null, null)]
    [InlineData("""{"device":{"id":"d"},"n":12.5,"m":"7"}""", null, "stream=/device/id,values.n=/n,values.m=/m,values.p=@property.message-id")]
    public void Decode_WhenMessagesAreGood_AllocatesNothing(string body, string? contentType, string? mapping)
    {
        BrokerMessage message = mapping is null
            ? DecodedMessage.Message(body, contentType)
            : DecodedMessage.Message(body, contentType, "key", ("message-id", 7L), ("other", "x"));

        Assert.Equal(0, Least(message, mapping));
    }

    [Fact]
    public void Decode_WhenMessagesHaveProperties_AllocatesNothing() =>
        Assert.Equal(0, Least(DecodedMessage.Message(Plain, "application/json", "key", ("message-id", 7L), ("Diagnostic-Id", "00-x")), null));

    [Fact]
    public void Decode_WhenMessagesAreBinaryCloudEvents_AllocatesNothing() => Assert.Equal(0, Least(DecodedMessage.Message("data", null, null,
        ("cloudEvents:specversion", "1.0"), ("cloudEvents:id", Guid.Empty), ("cloudEvents:source", "/shop"), ("cloudEvents:type", "buy"),
        ("cloudEvents:time", new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero)), ("traceparent", "00-x")), null));

    [Fact]
    public void Decode_WhenABinaryCloudEventHasValues_AllocatesNothing() => Assert.Equal(0, Least(DecodedMessage.Message(
        """{"values":{"amount":2.5}}""", "application/json", null, ("cloudEvents:specversion", "1.0"), ("cloudEvents:id", "1"),
        ("cloudEvents:source", "/shop"), ("cloudEvents:type", "buy"), ("cloudEvents:time", "2026-01-31T12:00:00Z")), null));

    private static long Least(BrokerMessage message, string? mapping)
    {
        var decoder = new MessageDecoder(mapping is null ? null : MessageMapping.Parse(mapping));
        var batch = new EventBatch();
        var rejections = new Rejections();
        long least = Allocations.Least(0, _ => () =>
        {
            batch.Clear();
            for (int i = 0; i < Count; i++)
            {
                decoder.Decode(message, batch, rejections);
            }
        });
        Assert.Equal(0, rejections.Count);
        Assert.True(batch.Count >= Count);
        return least;
    }
}
