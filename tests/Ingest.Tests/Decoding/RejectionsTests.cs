using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Tests.Decoding;

public class RejectionsTests
{
    [Theory]
    [InlineData("application/json", "[", "{},", "{}]")]
    [InlineData("application/x-ndjson", "", "{}\n", "{}\n")]
    [InlineData("text/csv", "stream,time\n", ",\n", ",\n")]
    public void Decode_WhenABodyIsFullOfEventsThatCannotBeRead_CountsAllAndKeepsTheFirst(
        string contentType, string head, string bad, string last)
    {
        const int count = 200_000;
        var rejections = new Rejections();
        var batch = new EventBatch();
        byte[] body = [.. System.Text.Encoding.UTF8.GetBytes(head + string.Concat(Enumerable.Repeat(bad, count - 1)) + last)];

        EventDecoder.For(contentType)!.Decode(body, batch, rejections);

        Assert.Equal((0, count, Rejections.MaxListed), (batch.Count, rejections.Count, rejections.First.Count));
        Assert.Equal(Enumerable.Range(0, Rejections.MaxListed), rejections.First.Select(r => r.Index));
    }

    [Fact]
    public void Truncate_WhenSomeAreNotListed_LeavesWhatThereWas()
    {
        var rejections = new Rejections(listed: 3);
        for (int i = 0; i < 5; i++)
        {
            rejections.Add(i, $"{i}");
        }

        rejections.Truncate(4);
        Assert.Equal((4, 3), (rejections.Count, rejections.First.Count));
        rejections.RenumberLast(9);
        Assert.Equal([0, 1, 2], rejections.First.Select(r => r.Index));
        rejections.Truncate(2);
        Assert.Equal([0, 1], rejections.First.Select(r => r.Index));
        rejections.RenumberLast(9);
        Assert.Equal([0, 9], rejections.First.Select(r => r.Index));
        rejections.Truncate(0);
        Assert.Equal((0, 0), (rejections.Count, rejections.First.Count));
        Assert.Throws<ArgumentOutOfRangeException>(() => rejections.Truncate(1));
    }
}
