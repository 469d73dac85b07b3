using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.PointProcess;
using Foretell.Models.Tests.PointProcess;
using Foretell.Models.Tests.Reference;

namespace Foretell.Models.Tests.Heads;

public class NeverHeadTests
{
    private const int Components = 16, Seed = 83;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-2, 0.3)]
    [InlineData(3, 0.01)]
    [InlineData(-8, 1e-4)]
    [InlineData(12, 0.9)]
    public void Probabilities_WhenNothingCancels_AreThoseOfTheCureModel(double logit, double survival)
    {
        double pi = 1 / (1 + Math.Exp(-logit)), silence = pi + (1 - pi) * survival;
        Assert.Equal(Math.Log(1 - pi), NeverHead.LogComing(logit), 1e-10);
        Assert.Equal(Math.Log(silence), NeverHead.LogSilence(logit, Math.Log(survival)), 1e-12);
        Assert.Equal(pi / silence, NeverHead.Never(logit, Math.Log(survival)), 1e-12);
        Assert.Equal((1 - pi) * survival / silence, NeverHead.Coming(logit, Math.Log(survival)), 1e-12);
    }

    [Fact]
    public void Probabilities_WhenPiOrTheSurvivalIsExtreme_KeepTheirDigits()
    {
        // Nearly nobody leaves: what is left of the probability is the silence's own.
        AssertEx.Relative(-50, NeverHead.LogSilence(-200, -50), 1e-12);
        AssertEx.Relative(Math.Exp(-150), NeverHead.Never(-200, -50), 1e-12);
        // A silence that no event would leave: everybody who is silent has left.
        AssertEx.Relative(-200, NeverHead.LogSilence(-200, -1e6), 1e-12);
        Assert.Equal(1, NeverHead.Never(-200, -1e6));
        // Nearly everybody leaves.
        AssertEx.Relative(-800, NeverHead.LogComing(800), 1e-12);
        Assert.Equal(0, NeverHead.LogSilence(800, -5), 1e-300);
        AssertEx.Relative(Math.Exp(-205), NeverHead.Coming(200, -5), 1e-12);
        // No silence yet says nothing.
        foreach (double logit in new[] { -800, -3, 0, 3, 800.0 })
        {
            Assert.Equal(0, NeverHead.LogSilence(logit, 0));
        }
    }

    [Fact]
    public void Probabilities_WhenTheModelDoesNotTell_AreThoseOfTheGap()
    {
        Assert.Equal(-3.5, NeverHead.LogSilence(double.NegativeInfinity, -3.5));
        Assert.Equal(0, NeverHead.LogComing(double.NegativeInfinity));
        Assert.Equal(0, NeverHead.Never(double.NegativeInfinity, -3.5));
        Assert.Equal(1, NeverHead.Coming(double.NegativeInfinity, -3.5));
    }

    [Theory]
    [InlineData(0, 1e-3)]
    [InlineData(0, 1.5)]
    [InlineData(-6, 0.02)]
    [InlineData(-3, 400)]
    [InlineData(6, 3)]
    public void LogSilence_WhenDifferentiated_AgreesWithDifferences(double logit, double silence)
    {
        (TimeHead head, ModelConfig config, NormalMixture anchor) = Head();
        double[] outputs = [.. FiniteDifference.Numbers(Seed, 3 * Components, 0.5), logit];
        GapInterval beyond = GapInterval.Beyond(silence, config);
        var gradient = new float[outputs.Length];

        double value = NeverHead.LogSilence(head, Floats(outputs), beyond, 1, gradient);

        double Of(double[] x)
        {
            double pi = 1 / (1 + Math.Exp(-x[^1]));
            return Math.Log(pi + (1 - pi) * ReferenceNetwork.Survival(config, anchor, x, silence));
        }
        Assert.Equal(Of(outputs), value, 1e-9);
        FiniteDifference.AssertGradient(Of, outputs, gradient);
    }

    [Theory]
    [InlineData(-3)]
    [InlineData(0.5)]
    [InlineData(40)]
    public void LogSilence_WhenTheStreamIsOver_IsTheProbabilityOfThatAndSaysNothingOfGaps(double logit)
    {
        (TimeHead head, ModelConfig config, _) = Head();
        double[] outputs = [.. FiniteDifference.Numbers(Seed, 3 * Components, 0.5), logit];
        var gradient = new float[outputs.Length];

        double value = NeverHead.LogSilence(head, Floats(outputs), GapInterval.Beyond(double.PositiveInfinity, config), 1, gradient);

        Assert.Equal(-Math.Log(1 + Math.Exp(-logit)), value, 1e-12);
        FiniteDifference.AssertGradient(x => -Math.Log(1 + Math.Exp(-x[^1])), outputs, gradient);
    }

    [Fact]
    public void LogSilence_WhenItLastsNoTime_TeachesNothing()
    {
        (TimeHead head, ModelConfig config, _) = Head();
        var gradient = new float[3 * Components + 1];

        double value =
            NeverHead.LogSilence(head, Floats(FiniteDifference.Numbers(Seed, gradient.Length)), GapInterval.Beyond(0, config), 1, gradient);

        Assert.Equal(0, value, 1e-15);
        Assert.All(gradient, g => Assert.Equal(0, g, 1e-15f));
    }

    [Theory]
    [InlineData(-12)]
    [InlineData(0.5)]
    [InlineData(9)]
    public void LogComing_WhenDifferentiated_AgreesWithDifferences(double logit)
    {
        (TimeHead head, _, _) = Head();
        double[] outputs = [.. FiniteDifference.Numbers(Seed, 3 * Components), logit];
        var gradient = new float[outputs.Length];

        NeverHead.LogComing(head, Floats(outputs), 1, gradient);

        FiniteDifference.AssertGradient(x => -Math.Log(1 + Math.Exp(x[^1])), outputs, gradient);
    }

    private static float[] Floats(double[] x) => Array.ConvertAll(x, v => (float)v);

    private static (TimeHead Head, ModelConfig Config, NormalMixture Anchor) Head()
    {
        var anchor = new NormalMixture([.. Enumerable.Repeat(-Math.Log(Components), Components)],
            [.. Enumerable.Range(0, Components).Select(i => i / 4.0 - 2)], [.. Enumerable.Repeat(0.4, Components)]);
        ModelConfig config = TestModels.Config() with { Censored = true };
        return (new TimeHead(config, anchor.LogWeight, anchor.Mean, anchor.Deviation), config, anchor);
    }
}
