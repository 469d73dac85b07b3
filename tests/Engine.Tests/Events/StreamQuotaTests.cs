using Foretell.Engine.Events;

namespace Foretell.Engine.Tests.Events;

public sealed class StreamQuotaTests
{
    [Theory]
    [InlineData("late=10;future=20;streams=1000;minute=50", 1000, 50, 0, 0)]
    [InlineData("late=10;future=20;ahead=append;streams=9223372036854775807;minute=50;begun=28333333:7", long.MaxValue, 50, 28333333, 7)]
    public void Parse_WhenAPolicyHasAQuota_ReadsItBack(string text, long streams, long perMinute, long minute, long begun)
    {
        EventTimePolicy policy = EventTimePolicy.Parse(text);
        Assert.Equal(new StreamQuota(streams, perMinute) { Minute = minute, Begun = begun }, policy.Quota);
        Assert.Equal(text, policy.ToString());
    }

    [Theory]
    [InlineData("late=10;future=20;streams=1000")]
    [InlineData("late=10;future=20;streams=a;minute=50")]
    [InlineData("late=10;future=20;streams=1;minute=50;begun=7")]
    [InlineData("late=10;future=20;streams=1;minute=50;begun=7:8;more=9")]
    public void Parse_WhenAQuotaCannotBeRead_SaysWhatAPolicyIs(string text) =>
        Assert.Contains("quota", Assert.Throws<InvalidDataException>(() => EventTimePolicy.Parse(text)).Message);

    [Theory]
    [InlineData(0, 0, null, null)]
    [InlineData(10, 0, 4L, long.MaxValue)]
    [InlineData(0, 9, long.MaxValue, 3L)]
    [InlineData(2, 1, 1L, 1L)]
    public void Share_WhenAPlatformHasAQuota_GivesEachPartitionItsPart(long streams, long perMinute, long? ofStreams, long? ofMinute)
    {
        StreamQuota? share = StreamQuota.Share(streams, perMinute, partitions: 3);
        Assert.Equal((ofStreams, ofMinute), (share?.Streams, share?.PerMinute));
    }
}
