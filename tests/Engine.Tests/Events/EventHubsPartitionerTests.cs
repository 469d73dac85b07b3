using System.Text;
using Foretell.Engine.Events;

namespace Foretell.Engine.Tests.Events;

public class EventHubsPartitionerTests
{
    // Checked by the maintainers against Microsoft's JavaScript client.
    [Theory]
    [InlineData("", 0)]
    [InlineData("a", -16220)]
    [InlineData("stream-42", 6486)]
    [InlineData("0123456789abc", -4167)]
    [InlineData("ключ-é", -4913)]
    public void Fold_WhenKeyIsAVector_GivesEventHubsHash(string key, short hash) =>
        Assert.Equal(hash, EventHubsPartitioner.Fold(EventHubsPartitioner.Hash(Encoding.UTF8.GetBytes(key))));

    [Fact]
    public void Partition_WhenHashIsNegative_IsItsRemainderWithoutSign()
    {
        Assert.Equal(16220 % 7, EventHubsPartitioner.Partition("a"u8, 7));
        Assert.Equal(6486 % 7, EventHubsPartitioner.Partition("stream-42"u8, 7));
    }

    [Fact]
    public void Partition_WhenKeysAreMany_SpreadsThemEvenly()
    {
        int[] counts = new int[8];
        for (int i = 0; i < 80_000; i++)
        {
            counts[EventHubsPartitioner.Partition(Encoding.UTF8.GetBytes($"device-{i}"), 8)]++;
        }
        // Remainders of a signed 16-bit hash fold two residues into one, but 0 has no partner.
        Assert.All(counts, count => Assert.InRange(count, 9_000, 11_000));
    }
}
