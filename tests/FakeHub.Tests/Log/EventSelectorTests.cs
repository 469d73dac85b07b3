using Foretell.FakeHub.Log;

namespace Foretell.FakeHub.Tests.Log;

/// <summary>Filters as clients of other languages write them; the .NET client's are in <see cref="ReceivingTests"/>.</summary>
public sealed class EventSelectorTests
{
    private readonly EventLog _log = new();

    public EventSelectorTests()
    {
        for (int i = 0; i < 5; i++)
        {
            _log.Append(i, 1000 + i, new byte[10]);
        }
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData("amqp.annotation.x-opt-offset > '-1'", 0)]
    [InlineData("amqp.annotation.x-opt-offset > '@latest'", 5)]
    [InlineData("amqp.annotation.x-opt-offset >= '20'", 2)]
    [InlineData("amqp.annotation.x-opt-offset > 20", 3)]
    [InlineData("amqp.annotation.x-opt-offset > '25'", 3)]
    [InlineData("amqp.annotation.x-opt-sequence-number >= '2'", 2)]
    [InlineData("amqp.annotation.x-opt-sequence-number>2", 3)]
    [InlineData("amqp.annotation.x-opt-sequence-number > '4'", 5)]
    [InlineData("amqp.annotation.x-opt-enqueued-time > '1002'", 3)]
    [InlineData("amqp.annotation.x-opt-enqueued-time >= 1002", 2)]
    [InlineData("amqp.annotation.x-opt-enqueued-time > 9999", 5)]
    public void Find_WhenTheFilterIsKnown_IsItsFirstEvent(string? selector, int index) =>
        Assert.Equal(index, EventSelector.Find(_log, selector, last: 4, isGeoReplicated: false));

    [Theory]
    [InlineData("amqp.annotation.x-opt-sequence-number >= '5'")]
    [InlineData("amqp.annotation.x-opt-sequence-number > 5")]
    [InlineData("amqp.annotation.x-opt-offset > '50'")]
    [InlineData("amqp.annotation.x-opt-offset > 'abc'")]
    [InlineData("amqp.annotation.x-opt-enqueued-time > 'soon'")]
    [InlineData("amqp.annotation.x-opt-partition-key > '1'")]
    [InlineData("x > 1")]
    public void Find_WhenTheFilterIsWrongOrBeyondTheEnd_IsRefused(string selector)
    {
        var refusal = Assert.Throws<HubException>(() => EventSelector.Find(_log, selector, last: 4, isGeoReplicated: false));

        Assert.Equal(HubConditions.ArgumentError, refusal.Condition);
    }

    [Fact]
    public void Offset_WhenGeoReplicated_ReadsWhatItWrote()
    {
        foreach (long offset in new[] { 0, 1, 10, long.MaxValue })
        {
            Assert.Equal(offset, OffsetFormat.Read(OffsetFormat.Write(offset, isGeoReplicated: true), isGeoReplicated: true));
        }
        Assert.Null(OffsetFormat.Read("10", isGeoReplicated: true));
    }
}
