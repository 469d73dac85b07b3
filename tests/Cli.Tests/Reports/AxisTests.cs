using Foretell.Cli.Reports;
using Foretell.Models.Layers;

namespace Foretell.Cli.Tests.Reports;

public class AxisTests
{
    [Theory]
    [InlineData(-0.5031, -0.4979, "−0.503 −0.502 −0.501 −0.500 −0.499 −0.498")]
    [InlineData(0, 1, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(-3, 12, "−2 0 2 4 6 8 10 12")]
    public void Linear_WhenTheRangeIsGiven_TicksAtRoundValues(double least, double most, string ticks) =>
        Assert.Equal(ticks, string.Join(' ', Axis.Linear("", least, most).Ticks.Select(t => t.Text)));

    [Fact]
    public void Log_WhenTheRangeIsGiven_TicksAtPowersAndMeasuresRatios()
    {
        var axis = Axis.Log("", 10, 100_000, 10);
        Assert.Equal(["10", "100", "1,000", "10,000", "100,000"], axis.Ticks.Select(t => t.Text));
        Assert.Equal([0, 0.5, 1], new double[] { 10, 1000, 100_000 }.Select(axis.Share));
    }

    [Fact]
    public void Around_WhenAllValuesAreTheSame_HasThemInTheMiddle()
    {
        var axis = Axis.Around("", [2.5, 2.5, double.NaN]);
        Assert.Equal(0.5, axis.Share(2.5), 1e-9);
        Assert.NotEmpty(axis.Ticks);
    }

    [Fact]
    public void Spread_WhenLabelsLieTogether_LeavesNoneOnAnother()
    {
        var labels = PlotLabels.Spread([(100, 50, "a"), (110, 48, "b"), (120, 51, "c"), (400, 50, "far")]);
        Assert.Equal(["b", "a", "far", "c"], labels.Select(l => l.Text));
        Assert.Equal([48, 61, 50, 74], labels.Select(l => l.Y));
    }
}
