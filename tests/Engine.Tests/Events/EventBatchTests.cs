using Foretell.Engine.Events;

namespace Foretell.Engine.Tests.Events;

public sealed class EventBatchTests
{
    [Fact]
    public void Truncate_WhenEventsWereAdded_TakesTheLastOnesBack()
    {
        var batch = new EventBatch();
        batch.TryAdd("a"u8, 1, "m"u8, "i"u8);
        byte[] first = batch.Records.ToArray();
        batch.TryAdd("b"u8, 2, default, default);
        batch.TryAdd("c"u8, 3, default, default);

        batch.Truncate(1);

        Assert.Equal(1, batch.Count);
        Assert.Equal(first, batch.Records.ToArray());
        batch.TryAdd("d"u8, 4, default, default);
        Assert.Equal("d"u8.ToArray(), new LogRecord(batch[1]).Key.ToArray());
        batch.Truncate(0);
        Assert.True(batch.Records.IsEmpty);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public void Truncate_WhenTheBatchHoldsFewer_Throws(int count)
    {
        var batch = new EventBatch();
        batch.TryAdd("a"u8, 1, default, default);

        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Truncate(count));
    }
}
