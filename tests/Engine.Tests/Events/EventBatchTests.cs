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

    [Fact]
    public void TryAddLabel_WhenItIsEmptyOrTooLong_SaysSo()
    {
        var batch = new EventBatch { StreamPrefix = "shop/" };

        Assert.Equal("Label must be 1 to 256 bytes of UTF-8, got 0.", batch.TryAddLabel("shop/1"u8, 1, default, default));
        Assert.Equal("Label must be at most 256 bytes of UTF-8, got 257.", batch.TryAddLabel("shop/1"u8, 1, new byte[257], default));
        Assert.Contains("must begin with 'shop/'", batch.TryAddLabel("a"u8, 1, "x"u8, default));
        Assert.Equal(0, batch.Count);
        Assert.Null(batch.TryAddLabel("shop/1"u8, 1, new byte[256], default));
    }

    [Fact]
    public void TryAdd_WhenTheValuesAreNoneThatARecordMayHold_Throws()
    {
        var batch = new EventBatch();

        Assert.Throws<ArgumentException>(() => batch.TryAdd("a"u8, 1, default, default, [1, 1, 97]));
        Assert.Throws<ArgumentException>(() => batch.TryAdd("a"u8, 1, default, default, [1, 1, 97, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        Assert.Equal(0, batch.Count);
        Assert.Null(batch.TryAdd("a"u8, 1, default, default, [1, 1, 97, 0, 0, 0, 0, 0, 0, 0, 0]));
    }
}
