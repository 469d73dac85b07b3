using System.Text;
using Foretell.Engine.Rows;

namespace Foretell.Engine.Tests.Rows;

public class StreamIndexTests
{
    [Fact]
    public void Find_WhenKeysAreMany_ReturnsEachRowAndKey()
    {
        var index = new StreamIndex();
        for (int i = 0; i < 100_000; i++)
        {
            Assert.Equal(-1, index.Find(Key(i)));
            Assert.Equal(i, index.Add(Key(i)));
        }
        for (int i = 0; i < 100_000; i++)
        {
            Assert.Equal(i, index.Find(Key(i)));
            Assert.True(index.Key(i).SequenceEqual(Key(i)));
        }
        Assert.Equal(-1, index.Find(Key(100_000)));
        Assert.Equal(100_000, index.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    public void Add_WhenKeyIsShortestOrLongest_KeepsIt(int length)
    {
        var index = new StreamIndex();
        byte[] key = Encoding.UTF8.GetBytes(new string('k', length));
        index.Add(key);
        Assert.True(index.Key(0).SequenceEqual(key));
        Assert.Equal(0, index.Find(key));
        Assert.Equal(-1, index.Find("k k"u8));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(257)]
    public void Add_WhenKeyIsEmptyOrTooLong_IsRefused(int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new StreamIndex().Add(new byte[length]));

    [Fact]
    public void MemoryBytes_WhenStreamsAreAMillion_StaysBelowFortyBytesBesideTheKey()
    {
        var index = new StreamIndex();
        long keys = 0;
        for (int i = 0; i < 1_000_000; i++)
        {
            keys += Key(i).Length;
            index.Add(Key(i));
            if (i > 100_000 && i % 1000 == 0)
            {
                Assert.InRange(index.MemoryBytes - keys, 0, 40L * index.Count);
            }
        }
        Assert.InRange(index.MemoryBytes - keys, 0, 40L * index.Count);
    }

    private static byte[] Key(int i) => Encoding.UTF8.GetBytes($"stream/{i}");
}
