using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Tests.Numerics;

public class VectorMathTests
{
    private const int Seed = 51;

    [Fact]
    public void Exp_AgreesWithDouble()
    {
        foreach (double x in Points(-86.9, 87.9))
        {
            double expected = Math.Exp((float)x);
            Assert.Equal(1, VectorMath.Exp(Vector512.Create((float)x))[3] / expected, 3e-7);
        }
    }

    [Fact]
    public void Exp_WhenArgumentIsExtreme_StaysFinite()
    {
        foreach (float x in new[] { float.NegativeInfinity, -1e30f, -104f, 104f, 1e30f, float.PositiveInfinity })
        {
            Assert.True(float.IsFinite(VectorMath.Exp(Vector512.Create(x))[0]));
        }
    }

    [Fact]
    public void Log_AgreesWithDouble()
    {
        foreach (double x in Points(-80, 80))
        {
            float value = (float)Math.Exp(x);
            double expected = Math.Log(value);
            Assert.True(Math.Abs(VectorMath.Log(Vector512.Create(value))[7] - expected) <= 2.4e-7 * Math.Max(Math.Abs(expected), 0.01)
                + 1e-9, $"{value}");
        }
    }

    [Fact]
    public void Log1p_WhenArgumentIsTiny_KeepsItsRelativePrecision()
    {
        foreach (float y in new[] { 1e-30f, 1e-12f, 1e-8f, 1e-3f, 0.1f, 0.5f, 1f })
        {
            double expected = y < 1e-6 ? y : Math.Log(1.0 + y);
            Assert.Equal(1, VectorMath.Log1p(Vector512.Create(y))[0] / expected, 5e-7);
        }
    }

    [Fact]
    public void Sum_AddsEveryLane() =>
        Assert.Equal(120f, VectorMath.Sum(Vector512.CreateSequence(0f, 1f)));

    [Fact]
    public void ExpLogSin_InDouble_AgreeWithThePlatform()
    {
        foreach (double x in Points(-700, 700))
        {
            Assert.Equal(1, VectorMath.Exp(Vector512.Create(x))[5] / Math.Exp(x), 2e-14);
            double value = Math.Exp(x);
            Assert.Equal(Math.Log(value), VectorMath.Log(value), 1e-15 * (2 + 2 * Math.Abs(x)));
            Assert.Equal(Math.Sin(x / 5), VectorMath.Sin(Vector512.Create(x / 5))[2], 2e-14);
        }
        Assert.Equal(0, VectorMath.Log(1.0));
        Assert.True(VectorMath.Exp(Vector512.Create(double.NegativeInfinity))[0] is > 0 and < 1e-307);
    }

    [Fact]
    public void Polynomial_InHalvesAndWhole_GivesTheSameBits()
    {
        double[] coefficients = [1e-3, -0.2, 3, 1];
        foreach (double x in Points(-2, 2))
        {
            var t = Vector512.CreateSequence(x, 0.1);
            Assert.Equal(VectorMath.Polynomial(coefficients, t), Vector512.Create(
                VectorMath.Polynomial(coefficients, t.GetLower()), VectorMath.Polynomial(coefficients, t.GetUpper())));
        }
    }

    [Fact]
    public void SumAndMax_InDouble_CountEveryLane()
    {
        Assert.Equal(28, VectorMath.Sum(Vector512.CreateSequence(0.0, 1.0)));
        for (int lane = 0; lane < 8; lane++)
        {
            Assert.Equal(9, VectorMath.Max(Vector512<double>.Zero.WithElement(lane, 9)));
        }
        for (int lane = 0; lane < 16; lane++)
        {
            Assert.Equal(9, VectorMath.Max(Vector512<float>.Zero.WithElement(lane, 9)));
        }
    }

    private static IEnumerable<double> Points(double low, double high)
    {
        var random = new RandomStream(Seed);
        return Enumerable.Range(0, 20_000).Select(_ => low + (high - low) * random.NextDouble());
    }
}
