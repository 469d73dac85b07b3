using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.PointProcess;

public class NormalTests
{
    /// <summary>ln Q from the Taylor series and the continued fraction of the Mills ratio in 110-digit arithmetic.</summary>
    [Theory]
    [InlineData(-37, -5.7255712225245768227e-300)]
    [InlineData(-20, -2.7536241186062336951e-89)]
    [InlineData(-10, -7.6198530241605260660e-24)]
    [InlineData(-8, -6.2209605742717860585e-16)]
    [InlineData(-5, -2.8665161296376359338e-7)]
    [InlineData(-3, -1.3508099647481937988e-3)]
    [InlineData(-2, -2.3012909328963488465e-2)]
    [InlineData(-1, -1.7275377902344988953e-1)]
    [InlineData(-0.5, -3.6894641528865639307e-1)]
    [InlineData(-0.125, -5.9831306891242499386e-1)]
    [InlineData(0, -6.9314718055994530942e-1)]
    [InlineData(0.125, -7.9792614275302409024e-1)]
    [InlineData(0.5, -1.1759117615936186089e+0)]
    [InlineData(1, -1.8410216450092635058e+0)]
    [InlineData(2, -3.7831843336820319488e+0)]
    [InlineData(3, -6.6077262215103495433e+0)]
    [InlineData(5, -1.5064998393988725736e+1)]
    [InlineData(8, -3.5013437159914549896e+1)]
    [InlineData(10, -5.3231285150512470578e+1)]
    [InlineData(20, -2.0391715537109726394e+2)]
    [InlineData(40, -8.0460844201375378817e+2)]
    [InlineData(100, -5.0055242086942050886e+3)]
    [InlineData(1000, -5.0000782669481218431e+5)]
    [InlineData(1e8, -5.0000000000000193396e+15)]
    public void LogSurvival_WhenComparedWithHighPrecision_AgreesInEveryDigit(double x, double expected)
    {
        AssertEx.Relative(expected, Normal.LogSurvival(x), 1e-14);
        AssertEx.Relative(expected, Normal.LogCdf(-x), 1e-14);
        AssertEx.Relative(Math.Exp(expected), Normal.Survival(x), 1e-13);
    }

    [Fact]
    public void Hazard_WhenItsInverseIsComparedWithTheMillsRatioSeries_AgreesOnTheHalfLine()
    {
        for (double x = 0; x < 60; x += 0.0173)
        {
            AssertEx.Relative(ReferenceMillsRatio(x), 1 / Normal.Hazard(x), x is > 1 and < 3 ? 2e-14 : 2e-15);
        }
    }

    [Fact]
    public void LogSurvival_WhenXIsExtreme_StaysFinite()
    {
        Assert.Equal(-5e299, Normal.LogSurvival(1e150), 1e285);
        Assert.Equal(0, Normal.LogSurvival(-1e150));
        Assert.Equal(double.NegativeInfinity, Normal.LogSurvival(double.PositiveInfinity));
        Assert.Equal(0, Normal.LogSurvival(double.NegativeInfinity));
        Assert.Equal(1, Normal.Cdf(double.PositiveInfinity));
    }

    [Fact]
    public void LogSurvival_WhenXGrows_NeverRises()
    {
        double last = 0;
        for (double x = -40; x < 60; x += 0.001)
        {
            double now = Normal.LogSurvival(x);
            Assert.True(now <= last + 1e-16 * Math.Abs(last), $"ln Q rose at {x}");
            last = now;
        }
    }

    [Fact]
    public void Hazard_WhenComparedWithDifferences_IsMinusTheSlopeOfLogSurvival()
    {
        for (double x = -6; x < 30; x += 0.37)
        {
            double h = 1e-5;
            double slope = (Normal.LogSurvival(x + h) - Normal.LogSurvival(x - h)) / (2 * h);
            Assert.Equal(-slope, Normal.Hazard(x), 1e-7 * (1 + Normal.Hazard(x)));
        }
    }

    [Theory]
    [InlineData(1e-300)]
    [InlineData(1e-12)]
    [InlineData(0.025)]
    [InlineData(0.499999)]
    [InlineData(0.5)]
    [InlineData(0.7)]
    [InlineData(0.999999)]
    public void Quantile_WhenFedToCdf_ReturnsTheProbability(double p) =>
        AssertEx.Relative(p, Normal.Cdf(Normal.Quantile(p)), 1e-12);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void Quantile_WhenProbabilityIsOutside_Throws(double p) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Normal.Quantile(p));

    [Theory]
    [InlineData(-1e-300)]
    [InlineData(-1e-9)]
    [InlineData(-0.3)]
    [InlineData(-0.6931)]
    [InlineData(-0.6932)]
    [InlineData(-3)]
    [InlineData(-700)]
    [InlineData(-1e5)]
    [InlineData(-1e18)]
    [InlineData(-1e300)]
    public void QuantileOfLogSurvival_WhenFedBack_ReturnsTheLogProbability(double logSurvival) =>
        AssertEx.Relative(logSurvival, Normal.LogSurvival(Normal.QuantileOfLogSurvival(logSurvival)), 1e-12);

    [Fact]
    public void Excess_WhenFedToLogSurvivalRatio_ReturnsTheRatio()
    {
        foreach (double x in new[] { -30, -8, -1, 0, 0.5, 1.01, 3, 40, 350, 1e5, 1e8 })
        {
            foreach (double logRatio in new[] { -1e-6, -0.01, -0.5, -3, -40, -1e4, -1e6 })
            {
                double delta = Normal.Excess(x, logRatio);
                AssertEx.Relative(logRatio, Normal.LogSurvivalRatio(x, delta), 1e-9);
            }
        }
    }

    [Fact]
    public void LogSurvivalRatio_WhenFarOut_KeepsTheDigitsThatADifferenceLoses()
    {
        // At 1e8 the hazard is x, and the log ratio is -x delta to 16 digits.
        AssertEx.Relative(-0.4, Normal.LogSurvivalRatio(1e8, 4e-9), 1e-14);
        Assert.NotEqual(-0.4, Normal.LogSurvival(1e8 + 4e-9) - Normal.LogSurvival(1e8), 0.1);
    }

    /// <summary>Taylor series below 2, continued fraction above: independent of the Chebyshev series.</summary>
    private static double ReferenceMillsRatio(double x)
    {
        if (x < 2)
        {
            double sum = 0, term = x;
            for (int n = 3; n < 120; n += 2)
            {
                sum += term;
                term *= x * x / n;
            }
            return Math.Sqrt(Math.PI / 2) * Math.Exp(x * x / 2) - sum;
        }
        double fraction = 0;
        for (int n = 400; n > 0; n--)
        {
            fraction = n / (x + fraction);
        }
        return 1 / (x + fraction);
    }
}
