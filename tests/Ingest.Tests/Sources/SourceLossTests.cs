using Foretell.Engine.Log;
using Foretell.Ingest.Sources;

namespace Foretell.Ingest.Tests.Sources;

public sealed class SourceLossTests
{
    private static readonly SourcePartition s_partition = new("events", "0");

    [Theory]
    [InlineData(null, "a", 5, 9, null)]
    [InlineData(4L, "a", 5, 9, null)]
    [InlineData(9L, "a", 10, 9, null)]
    [InlineData(-1L, "a", 0, -1, null)]
    [InlineData(3L, "a", 5, 9, "retention")]
    [InlineData(-1L, "a", 5, 9, "retention")]
    [InlineData(10L, "a", 5, 9, "shortened")]
    [InlineData(4L, "b", 5, 9, "renewed")]
    [InlineData(-1L, "b", 0, 9, null)]
    [InlineData(4L, "", 5, 9, null)]
    [InlineData(3L, "", 5, 9, "retention")]
    public void Find_OfWhatTheBrokerHolds_TellsWhatIsMissing(long? number, string identity, long first, long last, string? kind)
    {
        Assert.Equal(kind, SourceLoss.Find(s_partition, new SourceState(1, number, identity), "a", new PartitionRange(first, last))?.Kind);
        // Counted from the start, or the first loss of its kind would be no increase.
        Assert.True(kind is null || SourceLoss.Kinds.Contains(kind));
        Assert.Equal(kind, SourceLoss.Find(s_partition, new SourceState(1, number, "a"), identity, new PartitionRange(first, last))?.Kind);
    }
}
