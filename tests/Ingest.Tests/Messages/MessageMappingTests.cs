using Foretell.Ingest.Messages;

namespace Foretell.Ingest.Tests.Messages;

public sealed class MessageMappingTests
{
    [Theory]
    [InlineData("stream=/device/id,time=/ts,mark=/type,id=@property.message-id", null)]
    [InlineData("time:ms=/a~1b/0/~0c,stream=@partitionKey", null)]
    [InlineData("stream=/,time:us=/x,id=/y=z", null)]
    [InlineData(" stream = /a b , time:ns = @property.ts ", "stream=/a b,time:ns=@property.ts")]
    [InlineData("stream=@property.device", "stream=@property.device,time=@enqueuedTime")]
    [InlineData("stream=@property.device,time=@enqueuedTime", null)]
    [InlineData("stream=/id,time:s=/ts", "stream=/id,time=/ts")]
    public void Parse_WhenAMappingIsGood_ReadsWhatItWritesItself(string text, string? written)
    {
        string mapping = MessageMapping.Parse(text).ToString();

        Assert.Equal(written ?? text, mapping);
        Assert.Equal(mapping, MessageMapping.Parse(mapping).ToString());
    }

    [Theory]
    [InlineData("", "The mapping must be a list of FIELD=PLACE, such as stream=/device/id,time=/ts,mark=/type,id=@property.message-id; "
        + "got '' at character 1.")]
    [InlineData("stream=/a,", "got '' at character 11.")]
    [InlineData("stream=/a, mark", "got 'mark' at character 12.")]
    [InlineData("stream=/a, mark= ", "got 'mark=' at character 12.")]
    [InlineData("stream=/a,=/b", "got '=/b' at character 11.")]
    [InlineData("time=/ts,mark=/type", "The mapping names no place for 'stream'; expected one, such as stream=/device/id or "
        + "stream=@partitionKey.")]
    [InlineData("stream=/a,tyme=/b", "The mapping names 'tyme' at character 11; expected stream, time, mark, id, label or values.NAME. Did you mean 'time'?")]
    [InlineData("device=/a", "Did you mean 'stream'?")]
    [InlineData("stream=/a,type=/b", "Did you mean 'mark'?")]
    [InlineData("stream=/a,timestamp=/b", "Did you mean 'time'?")]
    [InlineData("stream=/a,Id=/b", "Did you mean 'id'?")]
    [InlineData("stream=/a,nothingofthekind=/b", "expected stream, time, mark, id, label or values.NAME.")]
    [InlineData("stream=/a,mark=/b,mark=/c", "The mapping names 'mark' twice, again in 'mark=/c'; expected it once.")]
    [InlineData("stream=device.id", "The mapping reads 'stream' from 'device.id'; expected a JSON pointer such as /device/id, "
        + "@partitionKey, @enqueuedTime or @property.NAME. Did you mean '/device/id'?")]
    [InlineData("stream=$.device.id", "Did you mean '/device/id'?")]
    [InlineData("stream=#/device/id", "Did you mean '/device/id'?")]
    [InlineData("stream=@partitionkey", "Did you mean '@partitionKey'?")]
    [InlineData("stream=/a,time=@enqueued", "Did you mean '@enqueuedTime'?")]
    [InlineData("stream=@Property.x", "Did you mean '@property.x'?")]
    [InlineData("stream=@property.", "Did you mean '@property.NAME'?")]
    [InlineData("stream=/a~2b", "The mapping reads 'stream' from '/a~2b', whose ~ at character 3 is followed by neither 0 nor 1; "
        + "expected ~0 for a ~ and ~1 for a / within a name.")]
    [InlineData("stream=/a~", "whose ~ at character 3")]
    [InlineData("stream=/a,time:sec=/b", "The mapping gives 'time' the unit 'sec'; expected time (seconds), time:ms, time:us or time:ns.")]
    [InlineData("stream:ms=/a", "The mapping gives 'stream' the unit 'ms'; expected a unit with time only, such as time:ms.")]
    [InlineData("stream=@enqueuedTime", "The mapping reads 'stream' from @enqueuedTime, which is a time and no number; "
        + "expected it as time=@enqueuedTime.")]
    [InlineData("stream=/a,time:ms=@enqueuedTime", "The mapping reads 'time:ms' from @enqueuedTime")]
    public void Parse_WhenAMappingIsBad_SaysWhereAndWhatWasExpected(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => MessageMapping.Parse(text)).Message);
}
