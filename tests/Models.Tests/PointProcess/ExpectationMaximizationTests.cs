using System.Diagnostics;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.PointProcess;

public class ExpectationMaximizationTests
{
    private const long Seed = 271_828;

    [Fact]
    public void Fit_WhenTheMixtureIsKnown_FindsIt()
    {
        NormalMixture truth = new([Math.Log(0.2), Math.Log(0.5), Math.Log(0.3)], [-3, 0, 2.5], [0.5, 0.8, 0.3]);
        NormalMixture fit = ExpectationMaximization.Fit(Draw(truth, 200_000), 3);
        for (int k = 0; k < 3; k++)
        {
            Assert.Equal(Math.Exp(truth.LogWeight[k]), Math.Exp(fit.LogWeight[k]), 0.01);
            Assert.Equal(truth.Mean[k], fit.Mean[k], 0.02);
            Assert.Equal(truth.Deviation[k], fit.Deviation[k], 0.02);
        }
    }

    [Fact]
    public void Fit_WhenThereAreMoreComponentsThanTheTruthHas_ScoresAsWellAsTheTruth()
    {
        NormalMixture truth = new([Math.Log(0.6), Math.Log(0.4)], [-1, 1.5], [1, 0.05]);
        double[] values = Draw(truth, 200_000);
        NormalMixture fit = ExpectationMaximization.Fit(values, 16);
        double gain = values.Average(fit.LogDensity) - values.Average(truth.LogDensity);
        Assert.InRange(gain, -0.002, 0.002);
        Assert.Equal(fit.Mean.Order(), fit.Mean);
        Assert.Equal(1, fit.LogWeight.Sum(Math.Exp), 1e-12);
    }

    [Fact]
    public void Fit_WhenValuesTie_KeepsTheFloor()
    {
        double[] values = new double[3000];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i % 3;
        }
        NormalMixture fit = ExpectationMaximization.Fit(values, 6);
        Assert.All(fit.Deviation, deviation => Assert.True(deviation >= 0.002));
        // Each of the three ties holds a third of the probability in normals of the least width.
        foreach (double tie in new[] { 0.0, 1, 2 })
        {
            Assert.Equal(Math.Log(1 / 3.0) - Math.Log(0.002) - 0.5 * Math.Log(2 * Math.PI), fit.LogDensity(tie), 0.01);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 16)]
    [InlineData(5, 16)]
    [InlineData(1000, 16)]
    public void Fit_WhenAllValuesAreEqual_IsASpikeThere(int count, int components)
    {
        double[] values = new double[count];
        Array.Fill(values, 0.3);
        NormalMixture fit = ExpectationMaximization.Fit(values, components);
        Assert.All(fit.Mean, mean => Assert.Equal(0.3, mean, 1e-12));
        Assert.All(fit.Deviation, deviation => Assert.Equal(0.002, deviation, 1e-12));
        Assert.Equal(1, fit.LogWeight.Sum(Math.Exp), 1e-12);
    }

    [Fact]
    public void Fit_WhenThereAreFewerValuesThanComponents_StaysFinite()
    {
        NormalMixture fit = ExpectationMaximization.Fit([-1, 0.5, 7], 16);
        Assert.All([.. fit.LogWeight, .. fit.Mean, .. fit.Deviation], x => Assert.True(double.IsFinite(x)));
        Assert.InRange(fit.LogDensity(0.5), 0, 10);
    }

    [Fact]
    public void Fit_WhenTheOrderOfValuesChanges_IsTheSameInEveryBit()
    {
        double[] values = Draw(new([0], [0], [1]), 5000);
        NormalMixture first = ExpectationMaximization.Fit(values, 5);
        new RandomStream(Seed, 9).Shuffle(values.AsSpan());
        NormalMixture second = ExpectationMaximization.Fit(values, 5);
        Assert.Equal(first.LogWeight, second.LogWeight);
        Assert.Equal(first.Mean, second.Mean);
        Assert.Equal(first.Deviation, second.Deviation);
    }

    [Fact]
    public void Fit_WhenThereIsNothingToFit_SaysSo()
    {
        Assert.Throws<ArgumentException>(() => ExpectationMaximization.Fit([], 2));
        Assert.Throws<ArgumentException>(() => ExpectationMaximization.Fit([1, double.NaN], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ExpectationMaximization.Fit([1], 0));
    }

    [Fact]
    public void Fit_WhenThereAreManyGaps_TakesSeconds()
    {
        double[] values = Draw(new([0], [0], [1]), 200_000);
        Stopwatch watch = Stopwatch.StartNew();
        ExpectationMaximization.Fit(values, 16);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
    }

    private static double[] Draw(NormalMixture mixture, int count)
    {
        RandomStream random = new(Seed);
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
        {
            int k = Categorical.Draw(mixture.LogWeight, random);
            values[i] = mixture.Mean[k] + mixture.Deviation[k] * random.NextNormal();
        }
        return values;
    }
}
