using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.Heads;

public unsafe class MixtureScoreTests
{
    private const int Seed = 41, Components = 32;

    [Theory]
    [InlineData(0)]
    [InlineData(1e-4)]
    [InlineData(0.05)]
    [InlineData(3)]
    public void Of_WhenComparedWithPlainDoubles_Agrees(double resolution)
    {
        ModelConfig config = TestModels.Config() with { Resolution = resolution, Components = Components };
        TimeHead head = ForecastModel.Untrained(config, TestModels.WeightsSeed).TimeHead;
        var random = new RandomStream(Seed);
        for (int round = 0; round < 2000; round++)
        {
            // Deviations down to the clamp, and gaps from the middle to far outside of everything.
            float[] outputs =
                [.. Enumerable.Range(0, 3 * Components).Select(i => (float)((i < 2 * Components ? 1.5 : 4) * random.NextNormal()))];
            double gap = Math.Exp(0.2 + 1.3 * random.NextNormal() * (round % 4 + 0.1));
            if (resolution > 0)
            {
                gap = Math.Round(gap / resolution) * resolution;
            }
            GapInterval interval = GapInterval.Of(gap, config);
            MixtureScore score = Score(head, outputs, interval);

            double expected = head.LogDensity(outputs, interval, 0, []);
            double actual = GapScore.Of(score, interval, double.NegativeInfinity, config).Log;
            // Both codes end their series for narrow intervals at 1e-8, in other places.
            Assert.True(Math.Abs(expected - actual) <= (resolution == 0 ? 1e-11 : 2e-8) * Math.Max(1, Math.Abs(expected)),
                $"{gap}: {expected} and {actual}");

            LogNormalMixture mixture = Decode(head, outputs);
            double low = Math.Exp(interval.Low), high = Math.Exp(interval.High);
            Assert.Equal(mixture.Cdf(low), score.Below, 1e-10);
            Assert.Equal(1, (score.Above + 1e-300) / (mixture.Survival(high) + 1e-300), 1e-6);
            Assert.Equal(resolution == 0 ? 0 : mixture.Cdf(high) - mixture.Cdf(low), score.Within, 1e-8);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void Of_WhenTheGapIsFarOut_StaysFinite(double resolution)
    {
        ModelConfig config = TestModels.Config() with { Resolution = resolution, Components = Components };
        TimeHead head = ForecastModel.Untrained(config, TestModels.WeightsSeed).TimeHead;
        float[] outputs = new float[3 * Components];
        Array.Fill(outputs, -20f, 2 * Components, Components);
        foreach (double gap in new[] { 0, 1e-6, 1, 1e9, 1e30 })
        {
            GapInterval interval = GapInterval.Of(gap, config);
            MixtureScore score = Score(head, outputs, interval);
            Assert.True(double.IsFinite(score.LogProbability));
            Assert.InRange(score.Below + score.Within + score.Above, 1 - 1e-9, 1 + 1e-9);
            double whole = GapScore.Of(score, interval, double.NegativeInfinity, config).Log;
            Assert.Equal(1, head.LogDensity(outputs, interval, 0, []) / whole, 1e-6);
        }
    }

    [Fact]
    public void Of_WhenATickVanishesBesideTheGap_ScoresTheDensityThere()
    {
        ModelConfig continuous = TestModels.Config() with { Resolution = 0, Components = Components };
        TimeHead head = ForecastModel.Untrained(continuous, TestModels.WeightsSeed).TimeHead;
        float[] outputs = new float[3 * Components];
        // Microseconds, and gaps of a day up to thousands of years.
        foreach (double gap in new[] { 1e5, 1e7, 3e8, 1e9, 1e11 })
        {
            GapInterval point = GapInterval.Of(gap, continuous), tick = GapInterval.Of(gap, continuous with { Resolution = 1e-6 });
            double expected = Score(head, outputs, point).LogProbability + point.LogUnit;
            Assert.Equal(expected, Score(head, outputs, tick).LogProbability + tick.LogUnit, 0.5);
        }
    }

    [Fact]
    public void LogSurvival_WhenComparedWithPlainDoubles_KeepsItsDigitsNearZeroAndFarOut()
    {
        ModelConfig config = TestModels.Config() with { Components = Components };
        TimeHead head = ForecastModel.Untrained(config, TestModels.WeightsSeed).TimeHead;
        var random = new RandomStream(Seed);
        for (int round = 0; round < 2000; round++)
        {
            float[] outputs =
                [.. Enumerable.Range(0, 3 * Components).Select(i => (float)((i < 2 * Components ? 1.5 : 4) * random.NextNormal()))];
            double z = random.NextNormal() * Math.Pow(10, 2.0 * (round % 5) / 4);
            LogNormalMixture mixture = Decode(head, outputs);
            double tau = Math.Exp(z), shorter = mixture.Cdf(tau), actual = LogSurvival(head, outputs, z);
            // The plain sum of what is left of the components has no digits of its own near 1.
            double expected = shorter < 0.5 ? RealMath.Log1p(-shorter) : mixture.LogSurvival(tau);
            Assert.True(Math.Abs(expected - actual) <= 1e-11 * Math.Abs(expected) + 1e-300, $"{z}: {expected} and {actual}");
        }
        Assert.Equal(0.0, LogSurvival(head, new float[3 * Components], double.NegativeInfinity));
        Assert.False(double.IsNegative(LogSurvival(head, new float[3 * Components], double.NegativeInfinity)));
    }

    private static double LogSurvival(TimeHead head, float[] outputs, double z)
    {
        double[] parameters = new double[3 * Components];
        fixed (float* o = outputs)
        fixed (double* p = parameters)
        {
            head.Decode(o, p, p + Components, p + 2 * Components);
            var beyond = new GapInterval(z, z, double.PositiveInfinity, 0, Math.Exp(z), double.PositiveInfinity);
            return MixtureScore.Of(Components, p, p + Components, p + 2 * Components, beyond).LogSurvival;
        }
    }

    private static MixtureScore Score(TimeHead head, float[] outputs, in GapInterval gap)
    {
        double[] parameters = new double[3 * Components];
        fixed (float* o = outputs)
        fixed (double* p = parameters)
        {
            head.Decode(o, p, p + Components, p + 2 * Components);
            return MixtureScore.Of(Components, p, p + Components, p + 2 * Components, gap);
        }
    }

    /// <summary>The mixture over exp(z): its time is standardised.</summary>
    private static LogNormalMixture Decode(TimeHead head, float[] outputs)
    {
        double[] logWeight = new double[Components], mean = new double[Components], deviation = new double[Components];
        head.Decode(outputs, logWeight, mean, deviation);
        return new LogNormalMixture(logWeight, mean, deviation);
    }
}
