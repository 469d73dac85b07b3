using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.PointProcess;

public class GapDistributionTests
{
    private const int Seed = 91, Draws = 100_000;

    private static readonly NormalMixture s_mixed = new(
        [Math.Log(0.3), Math.Log(0.5), Math.Log(0.2)], [-1, 0.5, 2.5], [0.8, 0.05, 1]);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 0.3)]
    [InlineData(0.5, 0)]
    [InlineData(40, 0)]
    public void LogDensity_WhenSummedOverAllGaps_GivesOne(double resolution, double tie)
    {
        GapDistribution gap = Of(s_mixed, resolution, tie);
        double sum = tie > 0 ? Math.Exp(gap.LogDensity(0)) : 0, far = 4000;
        double step = resolution > 0 ? resolution : 1e-3;
        sum += resolution > 0 ? Math.Exp(gap.LogDensity(0)) * resolution / 2 : 0;
        double tau = resolution > 0 ? step : step / 2;
        for (; tau < far; tau += step)
        {
            sum += step * Math.Exp(gap.LogDensity(tau));
        }
        Assert.Equal(1, sum + Math.Exp(gap.LogSurvival(tau - step / 2)), 1e-4);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 0.3, 0)]
    [InlineData(0, 0.3, 2)]
    [InlineData(0.5, 0, 0)]
    [InlineData(0.5, 0, 1.6)]
    [InlineData(40, 0, 0)]
    [InlineData(40, 0, 30)]
    [InlineData(3, 0, 1e6)]
    public void Given_WhateverIsAsked_IsOneDistribution(double resolution, double tie, double silence)
    {
        GapDistribution gap = Of(s_mixed, resolution, tie);
        RemainingGap left = gap.Given(silence);
        double last = 0;
        for (int i = 1; i < 200; i++)
        {
            double p = i / 200.0, quantile = left.Quantile(p);
            Assert.True(quantile >= last, $"{p}: {quantile} after {last}.");
            Assert.Equal(p <= tie && silence == 0 ? tie : p, quantile == 0 ? tie : left.ProbabilityWithin(quantile), 1e-9);
            last = quantile;
            // Survival of the whole silence is the product of both parts.
            double whole = gap.LogSurvival(silence + quantile + 1e-9);
            double parts = left.LogSurvivalOfSilence + Math.Log(left.Survival(quantile + 1e-9));
            Assert.Equal(whole, parts, 1e-6 * Math.Max(1, -whole));
        }
        // The mean is the integral of the survival.
        double limit = 300 + silence, mean = 0, step = limit / 200_000;
        for (double t = step / 2; t < limit; t += step)
        {
            mean += step * left.Survival(t);
        }
        Assert.Equal(mean, left.RestrictedMean(limit), 1e-3 * mean);
        Assert.Equal(1, left.Nodes(64).Sum(n => n.Weight), 1e-12);
        Assert.All(left.Nodes(64), n =>
            Assert.True(resolution == 0 || Math.Abs(n.Tau / resolution - Math.Round(n.Tau / resolution)) < 1e-9));
    }

    [Fact]
    public void Given_WhenABeatIsExactAndLate_WaitsForATickAtLeastAndLongerTheLongerItWaited()
    {
        // Heartbeats every 60 s: nothing finer than a beat was ever seen.
        GapDistribution beat = Of(new NormalMixture([0], [Math.Log(60)], [1e-6]), resolution: 60, tie: 0);

        Assert.Equal(60, beat.Given(0).Quantile(0.5), 0.1);
        Assert.InRange(beat.Given(61).Quantile(0.5), 10, 20);
        double last = 0;
        foreach (double silence in new[] { 100.0, 300, 600, 6000, 90 * 86400 })
        {
            double median = beat.Given(silence).Quantile(0.5);
            Assert.True(median >= 60 && median > last, $"After {silence} s: {median} s.");
            last = median;
        }
        Assert.InRange(last, 80 * 86400, 100 * 86400);
    }

    [Fact]
    public void LogDensity_HoweverUnlikelyAGapIs_CostsABoundedLoss()
    {
        GapDistribution spike = Of(new NormalMixture([0], [0], [1e-6]), resolution: 0, tie: 0);
        foreach (double gap in new[] { 1e-12, 1e-3, 0.99, 2, 1e3, 1e9 })
        {
            Assert.InRange(-spike.LogDensity(gap), 0, 12 + 2 * Math.Log(1 + gap));
        }
    }

    [Fact]
    public void LogDensity_WhenTheMixtureIsRight_CostsAtMostAThousandthOfANat()
    {
        GapDistribution gap = Of(s_mixed, 0, 0);
        var random = new RandomStream(Seed);
        double with = 0, without = 0;
        for (int i = 0; i < Draws; i++)
        {
            double tau = s_mixed.AsLogNormal().Sample(random);
            with += gap.LogDensity(tau) / Draws;
            without += s_mixed.AsLogNormal().LogDensity(tau) / Draws;
        }
        Assert.InRange(without - with, 0, 0.001);
    }

    [Fact]
    public void LogDensity_WhenTheUnitChanges_ChangesByItAlone()
    {
        GapDistribution seconds = Of(s_mixed, 0, 0.1), milliseconds = Of(s_mixed.Rescale(Math.Log(1000), 1), 0, 0.1);
        foreach (double gap in new[] { 0.01, 1, 1e5, 1e9 })
        {
            Assert.Equal(seconds.LogDensity(gap) - Math.Log(1000), milliseconds.LogDensity(1000 * gap), 1e-9);
            Assert.Equal(1000 * seconds.Given(gap).Quantile(0.7), milliseconds.Given(1000 * gap).Quantile(0.7),
                1e-6 * 1000 * seconds.Given(gap).Quantile(0.7));
        }
    }

    private static GapDistribution Of(NormalMixture mixture, double resolution, double tie) =>
        new(mixture, tie, new ModelConfig { Resolution = resolution, Ties = tie, GapFloor = 1e-3 });
}
