using Foretell.Models.Configuration;

namespace Foretell.Models.Tests.Configuration;

public sealed class ValueScaleTests
{
    private static readonly ValueScale s_plain = new("a", -3, 2.5), s_log = new("b", 1, 0.5) { Floor = 0.01 };

    [Theory]
    [InlineData(0)]
    [InlineData(-3.25)]
    [InlineData(17.5)]
    [InlineData(-1000)]
    public void Value_OfAStandardisedOne_IsTheOneItWas(double value)
    {
        Assert.Equal(value, s_plain.Value(s_plain.Standardise(value)), 1e-6 * (1 + Math.Abs(value)));
        double positive = Math.Abs(value) + 0.02;
        Assert.Equal((float)((Math.Log(positive) - 1) / 0.5), s_log.Standardise(positive), 1e-5f);
        Assert.Equal(positive, s_log.Value(s_log.Standardise(positive)), 1e-5 * positive);
    }

    [Fact]
    public void Standardise_WhenThereIsNone_HasNone() =>
        Assert.True(float.IsNaN(s_plain.Standardise(double.NaN)) && float.IsNaN(s_log.Standardise(double.NaN)));

    [Fact]
    public void Standardise_OfALogarithm_TakesWhatIsBelowTheFloorForTheFloor()
    {
        float floor = s_log.Standardise(0.01);
        Assert.All(new[] { 0.009, 0, -0.0, double.Epsilon, -5, -1e300, double.MinValue }, x => Assert.Equal(floor, s_log.Standardise(x)));
        Assert.True(s_log.Standardise(0.011) > floor);
    }

    /// <summary>However far out, z and the value of any z are numbers, and many values can be added up.</summary>
    [Fact]
    public void Both_WhenNumbersAreExtreme_StayFinite()
    {
        ValueScale[] scales = 
        [
            s_plain, s_log, new("c", 1e300, 1e300), new("d", 0, double.Epsilon), new("e", 700, 300) { Floor = double.Epsilon },
        ];
        double[] extremes = [double.MaxValue, double.MinValue, 1e300, -1e300, double.Epsilon, -double.Epsilon, 0];
        foreach (ValueScale scale in scales)
        {
            Assert.All(extremes, x => Assert.InRange(scale.Standardise(x), -1e4f, 1e4f));
            Assert.All(new[] { 1e4, -1e4, 1e12, 0 }, z => Assert.True(double.IsFinite(200_000 * scale.Value(z)), $"{scale}: {z}"));
        }
    }
}
