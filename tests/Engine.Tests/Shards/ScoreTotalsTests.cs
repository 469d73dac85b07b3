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

    [Fact]
    public void AtMost_WhenOneValueAndOneLabelWereFarOut_ForgetsThem()
    {
        ScoreTotals totals = new ScoreTotals(1, 0, 0, 0, 0) { Value = -1e9, BaselineValue = -1e9, Labels = new LabelTotals(1, 0, -1e9) };
        var more = new ScoreTotals(1000, -2000, -1000, -3000, -1000)
        {
            Value = -500, BaselineValue = -700, Labels = new LabelTotals(1000, 750, -200),
        };
        for (int i = 0; i < 300; i++)
        {
            totals = (totals + more).AtMost(10_000);
        }
        Assert.Equal((10_000, 10_000), (totals.Events, totals.Labels.Count));
        Assert.Equal((-0.5, -0.7), (Math.Round(totals.Value / totals.Events, 3), Math.Round(totals.BaselineValue / totals.Events, 3)));
        Assert.Equal((-3.5, -4.7), (Math.Round(totals.Joint / totals.Events, 3), Math.Round(totals.BaselineJoint / totals.Events, 3)));
        Assert.Equal(0.75, totals.Labels.Hits / totals.Labels.Count, 1e-3);
        Assert.Equal(-0.2, totals.Labels.Log / totals.Labels.Count, 1e-3);
    }

    /// <summary>Labels are rarer than events: they fade by their own number.</summary>
    [Fact]
    public void AtMost_WhenLabelsAreFew_KeepsThemWhileEventsFade()
    {
        ScoreTotals totals = new ScoreTotals(20_000, -2, -2, -2, -2) { Labels = new LabelTotals(9, 8, -7) };
        Assert.Equal((10_000, new LabelTotals(9, 8, -7)), (totals.AtMost(10_000).Events, totals.AtMost(10_000).Labels));
    }
}
