using System.Text;
using Foretell.FakeHub.Log;

namespace Foretell.FakeHub.Tests.Log;

public sealed class PartitionKeyHashTests
{
    // As the service and Microsoft's clients compute them.
    [Theory]
    [InlineData("", 0)]
    [InlineData("a", -16220)]
    [InlineData("stream-42", 6486)]
    [InlineData("0123456789abc", -4167)]
    [InlineData("ключ-é", -4913)]
    public void Compute_WhenGivenAKey_IsEventHubsHash(string key, int hash) =>
        Assert.Equal(hash, PartitionKeyHash.Compute(Encoding.UTF8.GetBytes(key)));

    [Fact]
    public void Partition_WhenTheHashIsNegative_IsWithinRange() => Assert.Equal(16220 % 7, PartitionKeyHash.Partition("a", 7));
}
