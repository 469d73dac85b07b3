using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Tests.Reference;

namespace Foretell.Models.Tests.Numerics;

/// <summary>Each operation's backward pass against central differences of the same operation in double.</summary>
public unsafe class OperationGradientTests
{
    private const int Seed = 61;

    [Theory]
    [InlineData(1, 16)]
    [InlineData(5, 48)]
    public void LayerNorm_BackwardAgreesWithDifferences(int rows, int width)
    {
        double[] x = FiniteDifference.Numbers(Seed, rows * width), gain = FiniteDifference.Numbers(Seed + 1, width),
            bias = FiniteDifference.Numbers(Seed + 2, width);
        double[] upstream = FiniteDifference.Numbers(Seed + 3, rows * width);
        using AlignedBuffer bx = Buffer(x), bGain = Buffer(gain), bBias = Buffer(bias), dy = Buffer(upstream);
        using AlignedBuffer y = new(rows * width), normal = new(rows * width), inverse = new(rows), dx = new(rows * width),
            dGain = new(width), dBias = new(width);
        LayerNorm.Forward(bx.Pointer, bGain.Pointer, bBias.Pointer, y.Pointer, normal.Pointer, inverse.Pointer, rows, width);
        LayerNorm.Backward(dy.Pointer, normal.Pointer, inverse.Pointer, bGain.Pointer, dGain.Pointer, dBias.Pointer, dx.Pointer, rows,
            width);

        double Loss(double[] x, double[] gain, double[] bias) => Enumerable.Range(0, rows)
            .Sum(r => Dot(ReferenceNetwork.LayerNorm(x[(r * width)..((r + 1) * width)], gain, bias),
                upstream[(r * width)..((r + 1) * width)]));
        FiniteDifference.AssertGradient(v => Loss(v, gain, bias), x, dx.Span);
        FiniteDifference.AssertGradient(v => Loss(x, v, bias), gain, dGain.Span);
        FiniteDifference.AssertGradient(v => Loss(x, gain, v), bias, dBias.Span);
    }

    [Fact]
    public void Silu_BackwardAgreesWithDifferences()
    {
        double[] x = FiniteDifference.Numbers(Seed, 64, 3), upstream = FiniteDifference.Numbers(Seed + 1, 64);
        using AlignedBuffer bx = Buffer(x), dy = Buffer(upstream), dx = new(64);
        Silu.Backward(bx.Pointer, dy.Pointer, dx.Pointer, 64);
        FiniteDifference.AssertGradient(v => Dot([.. v.Select(ReferenceNetwork.Silu)], upstream), x, dx.Span);
    }

    [Fact]
    public void InputEmbedding_BackwardAgreesWithDifferences()
    {
        const int d = 16;
        foreach (bool first in new[] { true, false })
        {
            double z = (float)0.7;
            double[] mark = FiniteDifference.Numbers(Seed, d), gap = FiniteDifference.Numbers(Seed + 1, 2 * d),
                bias = FiniteDifference.Numbers(Seed + 2, d), upstream = FiniteDifference.Numbers(Seed + 3, d);
            using AlignedBuffer dx = Buffer(upstream), dMark = new(d), dGap = new(2 * d), dBias = new(d);
            InputEmbedding.Backward(dx.Pointer, first, (float)z, dMark.Pointer, dGap.Pointer, dBias.Pointer, d);
            double Loss(double[] mark, double[] gap, double[] bias) =>
                Dot([.. Enumerable.Range(0, d).Select(j => mark[j] + bias[j] + (first ? gap[d + j] : z * gap[j]))], upstream);
            FiniteDifference.AssertGradient(v => Loss(v, gap, bias), mark, dMark.Span);
            FiniteDifference.AssertGradient(v => Loss(mark, v, bias), gap, dGap.Span);
            FiniteDifference.AssertGradient(v => Loss(mark, gap, v), bias, dBias.Span);
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(1e-4)]
    [InlineData(0.5)]
    [InlineData(5.0)]
    [InlineData(0.0, 0.2)]
    public void TimeHead_GradientAgreesWithDifferences(double resolution, double ties = 0)
    {
        ModelConfig config = TestModels.Config() with { Resolution = resolution, Ties = ties };
        int k = config.Components;
        var anchor =
            new NormalMixture([.. Enumerable.Repeat(-Math.Log(k), k)], FiniteDifference.Numbers(Seed, k),
            [.. FiniteDifference.Numbers(Seed + 1, k).Select(x => 0.3 + x * x)]);
        var head = new TimeHead(config, anchor.LogWeight, anchor.Mean, anchor.Deviation);
        double[] outputs = FiniteDifference.Numbers(Seed + 2, 3 * k + (ties > 0 ? 1 : 0), 0.5);
        foreach (double gap in new[] { 0, 0.01, 1.3, 40, 3000 })
        {
            var gradient = new float[outputs.Length];
            double value = head.LogDensity([.. outputs.Select(x => (float)x)], GapInterval.Of(gap, config), 1, gradient);
            // The difference of two CDFs in double is a poor reference for narrow far intervals: those compare with the density.
            ModelConfig reference = resolution == 1e-4 && gap > 0 ? config with { Resolution = 0 } : config;
            double tolerance = reference == config ? 1e-6 : 2e-3;
            Assert.Equal(ReferenceNetwork.LogDensity(reference, anchor, outputs, gap), value, tolerance * (1 + Math.Abs(value)));
            FiniteDifference.AssertGradient(v => ReferenceNetwork.LogDensity(reference, anchor, v, gap), outputs, gradient, 5e-3);
        }
    }

    [Fact]
    public void MarkHead_GradientAgreesWithDifferences()
    {
        double[] logits = FiniteDifference.Numbers(Seed, 5, 2);
        var gradient = new float[5];
        double value = MarkHead.LogProbability([.. logits.Select(x => (float)x)], 3, 1, gradient);
        double LogProbability(double[] v) => v[3] - Math.Log(v.Sum(Math.Exp));
        Assert.Equal(LogProbability(logits), value, 1e-9);
        FiniteDifference.AssertGradient(LogProbability, logits, gradient);
    }

    [Theory]
    [InlineData(1, 1, 16)]
    [InlineData(7, 33, 16)]
    [InlineData(6, 64, 64)]
    [InlineData(11, 12, 80)]
    [InlineData(50, 64, 256)]
    public void MatMul_AgreesWithPlainLoopsForAnyTile(int rows, int inner, int columns)
    {
        double[] a = FiniteDifference.Numbers(Seed, rows * inner), b = FiniteDifference.Numbers(Seed + 1, inner * columns),
            bias = FiniteDifference.Numbers(Seed + 2, columns);
        using AlignedBuffer ba = Buffer(a), bb = Buffer(b), bBias = Buffer(bias), c = Buffer(new double[rows * columns]),
            single = new(columns);
        MatMul.Run(ba.Pointer, inner, 1, bb.Pointer, columns, bBias.Pointer, c.Pointer, columns, rows, inner, columns, true);
        for (int i = 0; i < rows; i++)
        {
            double[] expected = ReferenceNetwork.Linear(a[(i * inner)..((i + 1) * inner)], b, bias);
            for (int j = 0; j < columns; j++)
            {
                Assert.Equal(expected[j], c.Span[i * columns + j], 1e-4);
            }
            // The same row alone: the tile must not change a bit (law 5).
            MatMul.Run(ba.Pointer + i * inner, inner, 1, bb.Pointer, columns, bBias.Pointer, single.Pointer, columns, 1, inner, columns,
                false);
            Assert.Equal(single.Span.ToArray(), c.Span.Slice(i * columns, columns).ToArray());
        }
    }

    private static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();

    private static AlignedBuffer Buffer(double[] numbers)
    {
        var buffer = new AlignedBuffer(numbers.Length);
        for (int i = 0; i < numbers.Length; i++)
        {
            buffer.Span[i] = (float)numbers[i];
        }
        return buffer;
    }
}
