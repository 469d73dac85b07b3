using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.PointProcess;

public class TickScoreTests
{
    private static readonly NormalMixture s_mixed = new(
        [Math.Log(0.3), Math.Log(0.4), Math.Log(0.05), Math.Log(0.25)], [-2, 0.5, 0.7, 2], [1, 0.4, 0.002, 1.5]);

    [Fact]
    public void LogIntervalDensity_WhenResolutionFalls_TendsToTheDensity()
    {
        LogNormalMixture mixture = s_mixed.AsLogNormal();
        foreach (double tau in new[] { 1e-4, 0.1, 1, 2.0137, 30, 1e6, 1e9 })
        {
            double density = mixture.LogDensity(tau);
            Assert.Equal(density, mixture.LogIntervalDensity(tau, 0));
            foreach (double share in new[] { 1e-5, 1e-9, 1e-13 })
            {
                AssertEx.Relative(density, mixture.LogIntervalDensity(tau, tau * share), 1e-3 * Math.Min(1, share * 1e5) + 1e-12);
            }
        }
    }

    [Fact]
    public void LogIntervalDensity_WhenASpikeSitsOnTheTick_IsBoundedByOneOverTheWidth()
    {
        LogNormalMixture spike = new([0], [Math.Log(3)], [1e-9]);
        Assert.Equal(-Math.Log(0.5), spike.LogIntervalDensity(3, 0.5), 1e-12);
        Assert.True(spike.LogDensity(3) > 18);
        Assert.Equal(-Math.Log(0.25), new LogNormalMixture([0], [-20], [1]).LogIntervalDensity(0, 0.5), 1e-12);
    }

    [Fact]
    public void LogIntervalDensity_WhenSummedOverTicks_GivesOne()
    {
        LogNormalMixture mixture = s_mixed.AsLogNormal();
        const double Tick = 0.25;
        double sum = Math.Exp(mixture.LogIntervalDensity(0, Tick)) * Tick / 2;
        int i = 1;
        for (; i < 4000; i++)
        {
            sum += Math.Exp(mixture.LogIntervalDensity(i * Tick, Tick)) * Tick;
        }
        Assert.Equal(1, sum + mixture.Survival((i - 0.5) * Tick), 1e-12);
    }

    [Fact]
    public void LogIntervalDensity_WhenComparedWithSurvivals_IsTheirDifference()
    {
        LogNormalMixture mixture = s_mixed.AsLogNormal();
        foreach (double tau in new[] { 0, 0.1, 0.25, 1, 2, 7 })
        {
            double lower = Math.Max(0, tau - 0.25), upper = tau + 0.25;
            double expected = (mixture.Cdf(upper) - mixture.Cdf(lower)) / (upper - lower);
            AssertEx.Relative(expected, Math.Exp(mixture.LogIntervalDensity(tau, 0.5)), 1e-12);
        }
    }

    [Theory]
    [InlineData(0.3, 0)]
    [InlineData(2.01, 0)]
    [InlineData(0, 0.5)]
    [InlineData(0.2, 0.5)]
    [InlineData(0.25, 0.5)]
    [InlineData(2, 0.001)]
    [InlineData(2, 0.5)]
    [InlineData(40, 30)]
    [InlineData(1e5, 1)]
    public void LogIntervalDensity_WhenDifferentiated_MatchesFiniteDifferences(double tau, double resolution)
    {
        int k = s_mixed.Mean.Length;
        double[] dLogWeight = new double[k], dMu = new double[k], dLogSigma = new double[k];
        double score = s_mixed.AsLogNormal().LogIntervalDensity(tau, resolution, dLogWeight, dMu, dLogSigma);
        Assert.Equal(s_mixed.AsLogNormal().LogIntervalDensity(tau, resolution), score, 1e-12);
        Assert.Equal(1, dLogWeight.Sum(), 1e-12);
        for (int i = 0; i < k; i++)
        {
            AssertSlope(dLogWeight[i], h => Score(i, h, 0, 0));
            AssertSlope(dMu[i], h => Score(i, 0, h, 0));
            AssertSlope(dLogSigma[i], h => Score(i, 0, 0, h));
        }

        double Score(int i, double weight, double mean, double logSigma)
        {
            double[] logWeight = [.. s_mixed.LogWeight], mu = [.. s_mixed.Mean], sigma = [.. s_mixed.Deviation];
            logWeight[i] += weight;
            mu[i] += mean;
            sigma[i] *= Math.Exp(logSigma);
            return new LogNormalMixture(logWeight, mu, sigma).LogIntervalDensity(tau, resolution);
        }

        void AssertSlope(double derivative, Func<double, double> at)
        {
            const double H = 1e-6;
            double slope = (8 * (at(H) - at(-H)) - (at(2 * H) - at(-2 * H))) / (12 * H);
            Assert.Equal(slope, derivative, 1e-6 * (1 + Math.Abs(slope)));
        }
    }
}
