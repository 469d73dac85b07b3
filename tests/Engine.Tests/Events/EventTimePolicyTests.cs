using Foretell.Engine.Events;

namespace Foretell.Engine.Tests.Events;

public class EventTimePolicyTests
{
    [Fact]
    public void Parse_WhenTextIsToString_GivesThePolicyBack()
    {
        var policy = new EventTimePolicy(TimeSpan.FromTicks(1), TimeSpan.MaxValue);
        Assert.Equal(policy, EventTimePolicy.Parse(policy.ToString()));
        Assert.Equal("late=50000000;future=36000000000", EventTimePolicy.Default.ToString());
        Assert.Equal("late=50000000;future=36000000000;ahead=append", EventTimePolicy.OfNewLogs.ToString());
        Assert.Equal(EventTimePolicy.OfNewLogs, EventTimePolicy.Parse(EventTimePolicy.OfNewLogs.ToString()));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 5)]
    [InlineData(5.0000001, 0)]
    [InlineData(3000, 0)]
    [InlineData(-3000, -3000)]
    public void Effective_WhenATimeIsAheadOfItsAppend_IsTheAppendWhereClocksDisagree(double ahead, double expected)
    {
        long append = TimeSpan.FromDays(20_000).Ticks, time = append + TimeSpan.FromSeconds(ahead).Ticks;
        Assert.Equal(append + TimeSpan.FromSeconds(expected).Ticks, EventTimePolicy.OfNewLogs.Effective(time, append));
        Assert.Equal(time, EventTimePolicy.Default.Effective(time, append));
    }

    [Theory]
    [InlineData("")]
    [InlineData("late=1")]
    [InlineData("late=1;future=x")]
    [InlineData("late=-1;future=1")]
    [InlineData("xate=1;future=1")]
    [InlineData("late=1;future=1;ahead=never")]
    [InlineData(";ahead=append")]
    public void Parse_WhenTextIsNoPolicy_SaysWhatItShouldBe(string text) =>
        Assert.Contains("late=TICKS;future=TICKS", Assert.Throws<InvalidDataException>(() => EventTimePolicy.Parse(text)).Message);
}
