using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Support;

namespace Foretell.Engine.Tests.Log;

public class SegmentCheckTests
{
    private static readonly byte[] s_three = [.. EventSets.Batch(("a", 1, "view"), ("b", 2, ""), ("c", 3, "buy")).Records];

    [Fact]
    public void Damage_WhenEveryRecordIsThere_IsNull()
    {
        Assert.Null(SegmentCheck.Damage(s_three, 3, 1));
        byte[] others = [.. ControlRecord.Encode(ControlRecord.Policy, EventTimePolicy.Default.ToString(), 5), .. s_three];
        Assert.Null(SegmentCheck.Damage(others, 4, 1));
        var batch = new EventBatch();
        EventSets.Add(batch, "a", 1, "buy", "", ("amount", 2.5), ("weight", 1));
        byte[] valued = [.. batch.Records, .. s_three];
        Assert.Null(SegmentCheck.Damage(valued, 4, 1));
        valued[batch.Records.Length - 1] = 0xFF;
        valued[batch.Records.Length - 2] = 0xF0;
        Assert.Contains("no finite number", SegmentCheck.Damage(valued, 4, 1));
    }

    [Theory]
    [InlineData(2, "has 3 records and says 2")]
    [InlineData(4, "has 3 records and says 4")]
    [InlineData(-1, "has 3 records and says -1")]
    [InlineData(long.MaxValue, "has 3 records and says")]
    public void Damage_WhenTheCountIsAnother_SaysBoth(long count, string expected) =>
        Assert.StartsWith(expected, SegmentCheck.Damage(s_three, count, 1));

    [Fact]
    public void Damage_WhenARecordEndsBehindTheSegment_SaysSo()
    {
        Assert.Contains("are left", SegmentCheck.Damage(s_three.AsSpan(..^1), 3, 1));
        Assert.Contains("shorter than", SegmentCheck.Damage(s_three.AsSpan(..(s_three.Length - 18)), 3, 1));
        byte[] hostile = [.. s_three];
        hostile[10] = 0xFF;
        Assert.Contains("are left", SegmentCheck.Damage(hostile, 3, 1));
    }

    [Fact]
    public void Damage_WhenTheAppendTimeIsNone_SaysSo() =>
        Assert.Contains("outside years 1 to 9999", SegmentCheck.Damage(s_three, 3, long.MaxValue));

    [Fact]
    public void Damage_WhenALaterReleaseWroteARecord_LeavesItToWhoeverReadsIt()
    {
        byte[] later = [.. s_three];
        later[LogRecord.HeaderBytes + 5] |= 2 << 4;
        Assert.Null(SegmentCheck.Damage(later, 3, 1));
        Assert.Contains("says 1", SegmentCheck.Damage(later, 1, 1));
    }
}
