using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.PointProcess;

public class LogNormalMixtureTests
{
    private const long Seed = 31_337;

    /// <summary>Two broad components, one spike and one heavy tail.</summary>
    private static readonly NormalMixture s_mixed = new(
        [Math.Log(0.3), Math.Log(0.4), Math.Log(0.05), Math.Log(0.25)], [-2, 0.5, 0.7, 2], [1, 0.4, 0.002, 1.5]);

    [Fact]
    public void LogDensity_WhenIntegrated_GivesOneAndTheCdf()
    {
        LogNormalMixture mixture = s_mixed.AsLogNormal();
        // Over ln tau with a step far below the spike's deviation, the trapezoid rule is exact to rounding.
        double step = 2e-4, integral = 0;
        for (double x = -14; x < 16; x += step)
        {
            integral += step * Math.Exp(mixture.LogDensity(Math.Exp(x)) + x);
            if (Math.Abs(x - 0.7) < step / 2)
            {
                Assert.Equal(mixture.Cdf(Math.Exp(x + step / 2)), integral, 1e-3);
            }
        }
        Assert.Equal(1, integral, 1e-10);
    }

    [Fact]
    public void Cdf_WhenAddedToSurvival_GivesOne()
    {
        LogNormalMixture mixture = s_mixed.AsLogNormal();
        for (double x = -10; x < 12; x += 0.1)
        {
            Assert.Equal(1, mixture.Cdf(Math.Exp(x)) + mixture.Survival(Math.Exp(x)), 1e-14);
        }
        Assert.Equal(0, mixture.Cdf(0));
        Assert.Equal(1, mixture.Survival(0));
        Assert.Equal(double.NegativeInfinity, mixture.LogDensity(0));
    }

    [Fact]
    public void LogSurvival_WhenTauIsTenSigmaOutOrFurther_StaysFiniteAndFalls()
    {
        LogNormalMixture mixture = s_mixed.AsLogNormal();
        double last = 0;
        for (double x = 0; x < 700; x += 0.5)
        {
            double now = mixture.LogSurvival(Math.Exp(x));
            Assert.True(double.IsFinite(now) && now < last, $"at e^{x}");
            last = now;
        }
    }

    [Theory]
    [InlineData(1e-15)]
    [InlineData(1e-6)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.62)]
    [InlineData(0.9)]
    [InlineData(0.999999)]
    public void Quantile_WhenFedToCdf_ReturnsTheProbability(double p)
    {
        LogNormalMixture mixture = s_mixed.AsLogNormal();
        double tau = mixture.Quantile(p);
        if (p < 0.5)
        {
            AssertEx.Relative(p, mixture.Cdf(tau), 1e-11);
        }
        else
        {
            AssertEx.Relative(1 - p, mixture.Survival(tau), 1e-9);
        }
    }

    [Fact]
    public void Quantile_WhenThePlainBetweenTwoSpikesIsFlat_StaysMonotone()
    {
        LogNormalMixture mixture = new([Math.Log(0.5), Math.Log(0.5)], [-5, 5], [0.002, 0.002]);
        double last = 0;
        for (double p = 0.01; p < 1; p += 0.01)
        {
            double tau = mixture.Quantile(p);
            Assert.True(tau >= last);
            last = tau;
        }
        AssertEx.Relative(Math.Exp(-5), mixture.Quantile(0.25), 1e-10);
        AssertEx.Relative(Math.Exp(5), mixture.Quantile(0.75), 1e-10);
    }

    [Fact]
    public void Sample_WhenDrawnAMillionTimes_AgreesWithCdfAndMean()
    {
        LogNormalMixture mixture = s_mixed.AsLogNormal();
        RandomStream random = new(Seed);
        double[] draws = new double[1_000_000];
        for (int i = 0; i < draws.Length; i++)
        {
            draws[i] = mixture.Sample(random);
        }
        Assert.True(Kolmogorov.Distance(draws, tau => s_mixed.AsLogNormal().Cdf(tau)) < Kolmogorov.Bound(draws.Length));
        // Deviation of the mean: the heavy component's 7.389 exp(1.125) sqrt(exp(2.25) - 1) / 1000, a share of a quarter.
        Assert.Equal(mixture.Mean(), draws.Average(), 0.15);
    }

    [Fact]
    public void Mean_WhenTheTailIsBeyondDoubles_IsClamped()
    {
        LogNormalMixture mixture = new([0], [0], [60]);
        Assert.Equal(double.MaxValue, mixture.Mean());
        Assert.Equal(Math.Exp(0.5), new LogNormalMixture([0], [0], [1]).Mean(), 1e-14);
    }

    [Fact]
    public void Constructor_WhenLengthsDiffer_SaysSo()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new LogNormalMixture([0], [0, 1], [1]).Components);
        Assert.Contains("1, 2 and 1", error.Message);
    }
}
