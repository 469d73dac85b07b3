using Foretell.Engine.Shards;

namespace Foretell.Engine.Tests.Shards;

public class ScoreTotalsTests
{
    [Fact]
    public void AtMost_WhenOneEventWasFarOut_ForgetsIt()
    {
        ScoreTotals totals = new ScoreTotals(1, -1e9, 0, -1e9, 0);
        for (int i = 0; i < 300; i++)
        {
            totals = (totals + new ScoreTotals(1000, -2000, -1000, -3000, -1000)).AtMost(10_000);
        }
        Assert.Equal(10_000, totals.Events);
        Assert.Equal((-2, -1, -3), (Math.Round(totals.Time / totals.Events, 3), Math.Round(totals.Mark / totals.Events, 3),
            Math.Round(totals.BaselineTime / totals.Events, 3)));
    }

    [Fact]
    public void AtMost_WhenEventsAreFew_ChangesNothing()
    {
        var totals = new ScoreTotals(9_999, -5, -4, -3, -2);
        Assert.Equal(totals, totals.AtMost(10_000));
    }
}
