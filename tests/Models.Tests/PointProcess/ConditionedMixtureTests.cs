using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.PointProcess;

public class ConditionedMixtureTests
{
    private const long Seed = 57_721;

    private static readonly NormalMixture s_mixed = new(
        [Math.Log(0.3), Math.Log(0.4), Math.Log(0.05), Math.Log(0.25)], [-2, 0.5, 0.7, 2], [1, 0.4, 0.002, 1.5]);

    /// <summary>From no silence to one whose survival is far below the smallest double.</summary>
    public static TheoryData<double> Silences => [0, 1e-9, 0.02, 1.2, 2.01, 3, 40, 1e4, 1e12, 1e40];

    [Fact]
    public void Survival_WhenSilenceIsPlain_IsTheRatioOfSurvivals()
    {
        LogNormalMixture mixture = s_mixed.AsLogNormal();
        foreach (double silence in new[] { 0, 0.1, 1, 2, 5 })
        {
            ConditionedMixture given = mixture.Given(silence);
            Assert.Equal(mixture.LogSurvival(silence), given.LogSurvivalOfSilence, 1e-14);
            for (double t = 0.01; t < 200; t *= 1.3)
            {
                double ratio = mixture.Survival(silence + t) / mixture.Survival(silence);
                Assert.Equal(ratio, given.Survival(t), 1e-12);
                Assert.Equal(1 - ratio, given.ProbabilityWithin(t), 1e-12);
                AssertEx.Relative(mixture.LogDensity(silence + t) - mixture.LogSurvival(silence), given.LogDensity(t), 1e-10);
            }
            Assert.Equal(1, given.Survival(0));
            Assert.Equal(0, given.ProbabilityWithin(0));
        }
    }

    [Theory, MemberData(nameof(Silences))]
    public void Quantile_WhenProbabilityGrows_GrowsAndFitsItsSurvival(double silence)
    {
        ConditionedMixture given = s_mixed.AsLogNormal().Given(silence);
        double last = 0;
        foreach (double p in new[] { 1e-9, 1e-4, 0.01, 0.1, 0.25, 0.5, 0.51, 0.75, 0.9, 0.99, 0.9999, 1 - 1e-9 })
        {
            double t = given.Quantile(p);
            Assert.True(t > last && double.IsFinite(t), $"quantile {p} is {t} after {last}");
            last = t;
            if (p <= 0.5)
            {
                AssertEx.Relative(p, given.ProbabilityWithin(t), 1e-8);
            }
            if (p >= 0.5)
            {
                AssertEx.Relative(1 - p, given.Survival(t), 1e-8);
            }
        }
    }

    [Theory, MemberData(nameof(Silences))]
    public void Survival_WhenTimeGrows_Falls(double silence)
    {
        ConditionedMixture given = s_mixed.AsLogNormal().Given(silence);
        double scale = given.Quantile(0.5), last = 0;
        Assert.True(double.IsFinite(given.LogSurvivalOfSilence));
        for (double t = scale * 1e-6; t < scale * 1e6; t *= 1.2)
        {
            double now = given.LogSurvival(t);
            Assert.True(now <= last && double.IsFinite(now), $"ln S rose at {t}");
            last = now;
        }
    }

    [Theory, MemberData(nameof(Silences))]
    public void LogDensity_WhenIntegratedOverQuantiles_GivesTheirProbability(double silence)
    {
        ConditionedMixture given = s_mixed.AsLogNormal().Given(silence);
        double low = Math.Log(given.Quantile(0.05)), high = Math.Log(given.Quantile(0.95)), sum = 0;
        const int Steps = 50_000;
        double step = (high - low) / Steps;
        for (int i = 0; i < Steps; i++)
        {
            double x = low + (i + 0.5) * step;
            sum += step * Math.Exp(given.LogDensity(Math.Exp(x)) + x);
        }
        Assert.Equal(0.9, sum, 1e-6);
    }

    [Theory, MemberData(nameof(Silences))]
    public void Mean_WhenComparedWithTheAreaUnderSurvival_Agrees(double silence)
    {
        ConditionedMixture given = s_mixed.AsLogNormal().Given(silence);
        double high = given.Quantile(1 - 1e-13), low = given.Quantile(1e-12), area = low;
        const int Steps = 20_000;
        double step = Math.Log(high / low) / Steps;
        for (int i = 0; i < Steps; i++)
        {
            double t = low * Math.Exp((i + 0.5) * step);
            area += step * t * given.Survival(t);
        }
        AssertEx.Relative(area, given.Mean(), 1e-5);
        AssertEx.Relative(area, given.RestrictedMean(high), 1e-5);
        double median = given.Quantile(0.5);
        Assert.InRange(given.RestrictedMean(median), median / 2, median);
    }

    [Fact]
    public void RestrictedMean_WhenTheTailIsBeyondDoubles_StaysSane()
    {
        LogNormalMixture mixture = new([Math.Log(0.9), Math.Log(0.1)], [0, 0], [0.1, 60]);
        ConditionedMixture given = mixture.Given(0);
        Assert.Equal(double.MaxValue, given.Mean());
        // Half of the heavy component is beyond any limit, the other half is nothing: 0.9 exp(0.005) + 0.05 * 100.
        Assert.Equal(0.9 * Math.Exp(0.005) + 5, given.RestrictedMean(100), 0.3);
        Assert.InRange(mixture.Given(1e-3).RestrictedMean(100), 5, 11);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(2.01)]
    [InlineData(60)]
    [InlineData(1e30)]
    public void Sample_WhenDrawnAMillionTimes_AgreesWithSurvivalAndMean(double silence)
    {
        ConditionedMixture given = s_mixed.AsLogNormal().Given(silence);
        RandomStream random = new(Seed, (long)Math.Min(silence * 100, 1e9));
        double[] draws = new double[1_000_000];
        for (int i = 0; i < draws.Length; i++)
        {
            draws[i] = given.Sample(random);
        }
        Assert.True(Kolmogorov.Distance(draws, given.ProbabilityWithin) < Kolmogorov.Bound(draws.Length));
        double limit = given.Quantile(0.99);
        AssertEx.Relative(given.RestrictedMean(limit), draws.Average(t => Math.Min(t, limit)), 0.005);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.9)]
    [InlineData(50)]
    [InlineData(1e30)]
    public void Nodes_WhenUsedAsQuadrature_IntegrateSmoothFunctions(double silence)
    {
        ConditionedMixture given = s_mixed.AsLogNormal().Given(silence);
        (double Tau, double Weight)[] nodes = given.Nodes(64);
        Assert.InRange(nodes.Length, 1, 64);
        Assert.Equal(1, nodes.Sum(node => node.Weight), 1e-12);
        Assert.All(nodes, node => Assert.True(node.Tau >= silence && node.Weight > 0));

        // A function of ln tau as a mark's probability would be, against the same integral over fine quantiles.
        static double Mark(double tau) => 1 / (1 + Math.Exp(-1.5 * Math.Log(tau)));
        double fine = 0;
        for (int i = 0; i < 4000; i++)
        {
            fine += Mark(silence + given.Quantile((i + 0.5) / 4000)) / 4000;
        }
        Assert.Equal(fine, nodes.Sum(node => node.Weight * Mark(node.Tau)), 2e-3);
        Assert.Single(given.Nodes(1));
        Assert.Equal(1, given.Nodes(1)[0].Weight);
    }

    [Fact]
    public void Quantile_WhenTheWaitIsAMillionthOfTheSilence_KeepsItsDigits()
    {
        // A spike of deviation 0.002 left 350 deviations behind: the hazard is 350 / 0.002 / s, so waits are tiny.
        double silence = Math.Exp(0.7);
        ConditionedMixture given = new LogNormalMixture([0], [0], [0.002]).Given(silence);
        double rate = 350 / 0.002 / silence;
        Assert.Equal(Math.Log(2) / rate, given.Quantile(0.5), 2e-5 / rate);
        Assert.Equal(1 / rate, given.Mean(), 3e-5 / rate);
        AssertEx.Relative(0.5, given.Survival(given.Quantile(0.5)), 1e-9);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Constructor_WhenSilenceIsNoTime_Throws(double silence) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => s_mixed.AsLogNormal().Given(silence));
}
