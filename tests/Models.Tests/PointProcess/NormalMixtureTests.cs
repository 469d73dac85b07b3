using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.PointProcess;

public sealed class NormalMixtureTests
{
    private static readonly NormalMixture s_mixture =
        new([Math.Log(0.2), Math.Log(0.5), Math.Log(0.3)], [-2, 0.1, 4], [0.3, 1, 0.05]), s_one = new([0], [1.5], [2]);

    [Theory]
    [InlineData(1e-6)]
    [InlineData(0.01)]
    [InlineData(0.2)]
    [InlineData(0.5)]
    [InlineData(0.7000001)]
    [InlineData(0.999999)]
    public void Quantile_OfAProbability_IsWhereTheCdfHasIt(double p)
    {
        Assert.Equal(p, s_mixture.Cdf(s_mixture.Quantile(p)), 1e-7);
        Assert.Equal(1.5 + 2 * Normal.Quantile(p), s_one.Quantile(p), 1e-8);
        Assert.Equal(10 + 3 * s_mixture.Quantile(p), s_mixture.Rescale(10, 3).Quantile(p), 1e-6);
    }

    [Fact]
    public void Quantile_OfNoProbability_IsRefused() =>
        Assert.All(new[] { 0, 1, -0.1, 1.1, double.NaN }, p => Assert.Throws<ArgumentOutOfRangeException>(() => s_mixture.Quantile(p)));

    /// <summary>By their definition, means over quantiles; those of exp(X) also where no double holds them.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(30, 0)]
    [InlineData(1e4, -3e4)]
    public void ClampedMeans_OfAMixture_AreThoseOfItsQuantiles(double scale, double offset)
    {
        const int Many = 20_000;
        const double Edge = 1.0 / 128;
        NormalMixture mixture = s_mixture.Rescale(offset, scale);
        double low = mixture.Quantile(Edge), high = mixture.Quantile(1 - Edge);
        double[] quantiles = [.. Enumerable.Range(0, Many).Select(i => mixture.Quantile(Math.Clamp((i + 0.5) / Many, Edge, 1 - Edge)))];
        double ofExp = high + Math.Log(quantiles.Average(x => Math.Exp(x - high)));

        Assert.Equal(quantiles.Average(), mixture.ClampedMean(low, high), 1e-4 * scale);
        Assert.Equal(ofExp, mixture.LogClampedMeanExp(low, high), 0.01);
        Assert.Equal(mixture.ClampedMean(low, low), low, 1e-9 * Math.Max(1, Math.Abs(low)));
    }

    /// <summary>By its definition, the integral of the squared distance between the distribution and the step at what came.</summary>
    [Theory]
    [InlineData(-7)]
    [InlineData(-2.1)]
    [InlineData(0)]
    [InlineData(3.97)]
    [InlineData(9)]
    public void Crps_OfAnObservation_IsTheIntegralItStandsFor(double x)
    {
        foreach (NormalMixture mixture in new[] { s_mixture, s_one })
        {
            double below = Integral(y => Math.Pow(mixture.Cdf(y), 2), -30, x);
            double above = Integral(y => Math.Pow(1 - mixture.Cdf(y), 2), x, 30);
            Assert.Equal(below + above, mixture.Crps(x), 1e-6);
        }
    }

    /// <summary>Simpson's rule.</summary>
    private static double Integral(Func<double, double> f, double from, double to)
    {
        const int Steps = 40_000;
        double step = (to - from) / Steps;
        return Enumerable.Range(0, Steps + 1).Sum(i => (i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2) * f(from + i * step)) * step / 3;
    }
}
