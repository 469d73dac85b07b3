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
    }

    [Theory]
    [InlineData("")]
    [InlineData("late=1")]
    [InlineData("late=1;future=x")]
    [InlineData("late=-1;future=1")]
    [InlineData("xate=1;future=1")]
    public void Parse_WhenTextIsNoPolicy_SaysWhatItShouldBe(string text) =>
        Assert.Contains("late=TICKS;future=TICKS", Assert.Throws<FormatException>(() => EventTimePolicy.Parse(text)).Message);
}
