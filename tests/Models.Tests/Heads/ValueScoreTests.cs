using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Tests.Reference;

namespace Foretell.Models.Tests.Heads;

public sealed unsafe class ValueScoreTests
{
    private const int Seed = 71, Cases = 30;
    private static readonly (float Level, float Unit) s_own = (0.7f, 0.25f);

    /// <summary>The fast form against the plain one, and the plain one against a sum of densities.</summary>
    [Fact]
    public void Log_OfAValue_IsThePlainMixtureWithItsTail()
    {
        for (int i = 0; i < Cases; i++)
        {
            (ValueMixture mixture, float[] outputs) = Case(i);
            NormalMixture plain = Plain(mixture, outputs);
            foreach (float z in new[] { 0.7f, 0.5f, 1.4f, -2, 9, -1000, 1e4f, -1e4f })
            {
                double u = ((double)z - s_own.Level) / s_own.Unit;
                double expected = WithTail(Math.Exp(plain.LogDensity(u)), u);
                double log = mixture.LogDensity(outputs, u, 0, []);
                Assert.Equal(expected, log, 1e-9);
                Assert.Equal(log - Math.Log(s_own.Unit), Score(mixture, outputs, z).Log, 1e-9);
            }
        }
    }

    [Fact]
    public void Density_OfAllValues_IntegratesToOneAndItsIntegralIsTheTransform()
    {
        for (int i = 0; i < 10; i++)
        {
            (ValueMixture mixture, float[] outputs) = Case(i);
            // In z, from 60 units below the level to 60 above; only the tail is beyond.
            const int Steps = 60_000;
            const double From = -60, Step = 120.0 / Steps;
            double At(int step) => s_own.Level + s_own.Unit * (From + step * Step);
            double sum = Score(mixture, outputs, (float)At(0)).Below;
            Assert.Equal(0.001 * 0.5 / (1 + 60 / 4.0), sum, 1e-9);
            double before = Density(0);
            for (int step = 1; step <= Steps; step++)
            {
                double density = Density(step);
                sum += 0.5 * (before + density) * Step;
                before = density;
                if (step % 5000 == 0)
                {
                    ValueScore score = Score(mixture, outputs, (float)At(step));
                    Assert.Equal(sum, score.Below, 2e-4);
                    Assert.Equal(1, score.Below + score.Above, 1e-12);
                }
            }
            Assert.Equal(1, sum + 0.001 * 0.5 / (1 + 60 / 4.0), 2e-4);

            double Density(int step) => Math.Exp(mixture.LogDensity(outputs, From + step * Step, 0, []));
        }
    }

    [Fact]
    public void Above_OfAFarValue_KeepsItsDigitsAndFallsWithTheTail()
    {
        (ValueMixture mixture, float[] outputs) = Case(0);
        foreach (double units in new[] { 1e3, 1e5 })
        {
            float z = (float)(units * s_own.Unit + s_own.Level);
            double u = ((double)z - s_own.Level) / s_own.Unit;
            Assert.Equal(0.001 * 0.5 / (1 + u / 4), Score(mixture, outputs, z).Above, 1e-12);
            Assert.Equal(0.001 * 0.5 / (1 + u / 4), Score(mixture, outputs, 2 * s_own.Level - z).Below, 1e-8);
        }
    }

    [Fact]
    public void LogDensity_ByItsOutputs_HasTheGradientOfDifferences()
    {
        for (int i = 0; i < Cases; i++)
        {
            (ValueMixture mixture, float[] outputs) = Case(i);
            foreach (double u in new[] { -0.4, 0.05, 2, 30 })
            {
                float[] gradient = new float[outputs.Length];
                mixture.LogDensity(outputs, u, 2, gradient);
                FiniteDifference.AssertGradient(x => 2 * WithTail(Math.Exp(Plain(mixture, x).LogDensity(u)), u),
                    Array.ConvertAll(outputs, o => (double)o), gradient);
            }
        }
    }

    /// <summary>What training says alone: a normal, the tail, and how often the value is there; one that always was may
    /// be missing.</summary>
    [Fact]
    public void Baseline_OfAValue_IsThatOfTrainingAlone()
    {
        var scale = new ValueScale("a", 5, 2) { Share = 0.25 };
        foreach (float z in new[] { 0, -1.5f, 8, 1e4f })
        {
            Assert.Equal(Math.Log(0.25) + WithTail(Normal.Density(z), z), ValueScore.Baseline(scale, z), 1e-9);
        }
        Assert.Equal(Math.Log(0.75), ValueScore.Baseline(scale, float.NaN), 1e-9);
        Assert.Equal(Math.Log(1e-4), ValueScore.Baseline(scale with { Share = 1 }, float.NaN), 1e-9);
    }

    /// <summary>ln of a density at u with the tail's thousandth.</summary>
    private static double WithTail(double density, double u) =>
        Math.Log(0.999 * density + 0.001 / (8 * Math.Pow(1 + Math.Abs(u) / 4, 2)));

    private static ValueScore Score(ValueMixture mixture, float[] outputs, float z)
    {
        fixed (float* pointer = outputs)
        {
            return ValueScore.Of(mixture, pointer, z, s_own);
        }
    }

    private static NormalMixture Plain(ValueMixture mixture, float[] outputs) => Plain(mixture, Array.ConvertAll(outputs, o => (double)o));

    private static NormalMixture Plain(ValueMixture mixture, double[] outputs)
    {
        var parts = ReferenceNetwork.Mixture(TestModels.Anchor(mixture), outputs);
        return new NormalMixture(Array.ConvertAll(parts, p => Math.Log(p.Weight)), Array.ConvertAll(parts, p => p.Mean),
            Array.ConvertAll(parts, p => p.Deviation));
    }

    /// <summary>A mixture and outputs of its head.</summary>
    private static (ValueMixture, float[]) Case(int i)
    {
        var random = new RandomStream(Seed, i);
        double[] data = [.. Enumerable.Range(0, 200).Select(_ => random.NextNormal())];
        return (new ValueMixture(ExpectationMaximization.Fit(data, ValueMixture.Parts, 0.02)),
            [.. Enumerable.Range(0, 3 * ValueMixture.Parts).Select(_ => (float)random.NextNormal())]);
    }
}
