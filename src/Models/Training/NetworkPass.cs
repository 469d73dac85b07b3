using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Foretell.Models;

/// <summary>The parallel form of the whole network over a group of sequences, forwards and backwards.</summary>
/// <remarks>
/// Sequences lie one behind the other, without padding: everything but attention works on rows.
/// One pass is used by one thread; gradients go to the caller's vector, so a batch can be split over passes and
/// their gradients added in a fixed order.
/// </remarks>
internal sealed unsafe class NetworkPass(ModelConfig config, ParameterLayout layout, TimeHead timeHead) : IDisposable
{
    private NetworkBuffers? _buffers;
    private AlignedBuffer? _transposed;

    /// <summary>Summed log-likelihoods of the predicted events of the last pass, nats.</summary>
    public double Time { get; private set; }

    /// <summary>Summed log probabilities of the marks given the gaps.</summary>
    public double Mark { get; private set; }

    /// <summary>Rows of the last pass: one a predicted event.</summary>
    public int Rows { get; private set; }

    /// <summary>Activations of the last pass.</summary>
    public NetworkBuffers Buffers => _buffers!;

    /// <summary>Runs the network, and backwards where <paramref name="gradient"/> is given.</summary>
    /// <param name="weights">Parameter vector.</param>
    /// <param name="sequences">Sequences; those with fewer than two events add nothing.</param>
    /// <param name="gradient">Added to: gradientScale x d(summed log-likelihood)/d(weights); or null.</param>
    /// <param name="dropout">Share of activations dropped at each branch; 0 for none.</param>
    /// <param name="random">Source of the dropout masks; needed when dropout is above 0.</param>
    public void Run(float* weights, IReadOnlyList<EncodedSequence> sequences, float* gradient, double gradientScale,
        double dropout = 0, RandomStream? random = null)
    {
        Rows = sequences.Sum(s => s.Predicted);
        Time = Mark = 0;
        if (Rows == 0)
        {
            return;
        }
        if (_buffers is null || _buffers.Rows < Rows)
        {
            _buffers?.Dispose();
            _buffers = new NetworkBuffers(config, Rows + Rows / 4);
        }
        Embed(weights, sequences, dropout, random);
        for (int l = 0; l < config.Layers; l++)
        {
            Layer(weights, layout.Layers[l], _buffers.Layers[l], sequences, dropout, random);
        }
        Heads(weights, sequences, gradient != null, gradientScale);
        if (gradient != null)
        {
            Backward(weights, sequences, gradient);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffers?.Dispose();
        _transposed?.Dispose();
    }

    private void Embed(float* weights, IReadOnlyList<EncodedSequence> sequences, double dropout, RandomStream? random)
    {
        var b = _buffers!;
        int d = config.Width, row = 0;
        float* mark = weights + layout.EmbedMark.Offset, gap = weights + layout.EmbedGap.Offset, bias = weights + layout.EmbedBias.Offset;
        foreach (var sequence in sequences)
        {
            for (int t = 0; t < sequence.Predicted; t++, row++)
            {
                b.Gaps[row] = sequence.Gaps[t];
                InputEmbedding.Write(mark + (nint)sequence.Marks[t] * d, gap, bias, t == 0, (float)sequence.Intervals[t].Z, b.X + (nint)row * d, d);
                if (config.Marks.Count > 0)
                {
                    sequence.Features.AsSpan((t + 1) * GapFeatures.Stride, GapFeatures.Stride)
                        .CopyTo(new Span<float>(b.Features + (nint)row * GapFeatures.Stride, GapFeatures.Stride));
                }
            }
        }
        Drop(b.X, b.KeepInput, dropout, random);
    }

    private void Layer(float* weights, LayerParameters p, LayerBuffers a, IReadOnlyList<EncodedSequence> sequences, double dropout, RandomStream? random)
    {
        var b = _buffers!;
        int d = config.Width, stride = NetworkBuffers.AttendedStride(config);
        LayerNorm.Forward(b.X, weights + p.Norm1Gain.Offset, weights + p.Norm1Bias.Offset, a.Hidden1, a.Normal1, a.Inverse1, Rows, d);
        Linear.Forward(a.Hidden1, d, weights, p.ScoreWeight, p.ScoreBias, a.Scores, Rows);
        Linear.Forward(a.Hidden1, d, weights, p.ValueWeight, p.ValueBias, a.Values, Rows);
        float* time = stackalloc float[AarenLanes.Count], events = stackalloc float[AarenLanes.Count];
        AarenDecay.Rates(weights + p.TimeDecay.Offset, weights + p.EventDecay.Offset, config, time, events);
        int row = 0;
        foreach (var sequence in sequences)
        {
            int n = sequence.Predicted;
            AarenScan.Forward(a.Scores + (nint)row * 16, a.Values + (nint)row * d, b.Gaps + row, time, events, config.Heads, d, n,
                a.Attended + (nint)row * stride, stride, b.LogMass + (nint)row * 16, a.Gates + (nint)row * 16, Math.Max(n, 1));
            row += n;
        }
        for (row = 0; row < Rows; row++)
        {
            Vector512.Load(b.LogMass + (nint)row * 16).Store(a.Attended + (nint)row * stride + d);
        }
        Linear.Forward(a.Attended, stride, weights, p.OutputWeight, p.OutputBias, b.Branch, Rows);
        Drop(b.Branch, a.Keep1, dropout, random);
        Add(b.Branch, b.X, (long)Rows * d);

        LayerNorm.Forward(b.X, weights + p.Norm2Gain.Offset, weights + p.Norm2Bias.Offset, a.Hidden2, a.Normal2, a.Inverse2, Rows, d);
        Linear.Forward(a.Hidden2, d, weights, p.InWeight, p.InBias, a.Inner, Rows);
        Silu.Forward(a.Inner, a.Active, (long)Rows * 4 * d);
        Linear.Forward(a.Active, 4 * d, weights, p.OutWeight, p.OutBias, b.Branch, Rows);
        Drop(b.Branch, a.Keep2, dropout, random);
        Add(b.Branch, b.X, (long)Rows * d);
    }

    private void Heads(float* weights, IReadOnlyList<EncodedSequence> sequences, bool backward, double gradientScale)
    {
        var b = _buffers!;
        int d = config.Width, marks = config.Marks.Count, timeOutputs = 3 * config.Components;
        LayerNorm.Forward(b.X, weights + layout.NormGain.Offset, weights + layout.NormBias.Offset, b.Hidden, b.Normal, b.Inverse, Rows, d);
        Linear.Forward(b.Hidden, d, weights, layout.TimeWeight, layout.TimeBias, b.Time, Rows);
        if (marks > 0)
        {
            MarkHead.Logits(weights, layout, b.Hidden, b.Features, b.MarkInner, b.MarkActive, b.MarkLogits, Rows);
        }
        int row = 0, logitStride = marks > 0 ? layout.MarkWeight!.Stride : 0;
        foreach (var sequence in sequences)
        {
            for (int t = 1; t < sequence.Length; t++, row++)
            {
                var gradient = new Span<float>(b.GradientTime + (nint)row * timeOutputs, backward ? timeOutputs : 0);
                gradient.Clear();
                Time += timeHead.LogDensity(new ReadOnlySpan<float>(b.Time + (nint)row * timeOutputs, timeOutputs), sequence.Intervals[t], gradientScale, gradient);
                if (marks == 0)
                {
                    continue;
                }
                var full = new Span<float>(b.GradientMarks + (nint)row * logitStride, backward ? logitStride : 0);
                full.Clear();
                // A mark that training never saw has no logit: it counts with the model's fixed probability and teaches nothing.
                Mark += sequence.Marks[t] == marks
                    ? ForecastModel.LogUnknownMark
                    : MarkHead.LogProbability(new ReadOnlySpan<float>(b.MarkLogits + (nint)row * logitStride, marks), sequence.Marks[t], gradientScale, backward ? full[..marks] : full);
            }
        }
    }

    private void Backward(float* weights, IReadOnlyList<EncodedSequence> sequences, float* gradient)
    {
        var b = _buffers!;
        int d = config.Width;
        new Span<float>(b.GradientX, Rows * d).Clear();
        float* hidden = b.GradientC;
        BackLinear(b.Hidden, d, weights, layout.TimeWeight, layout.TimeBias, b.GradientTime, hidden, d, false, gradient);
        if (config.Marks.Count > 0)
        {
            BackLinear(b.Hidden, d, weights, layout.MarkWeight!, layout.MarkBias, b.GradientMarks, hidden, d, true, gradient);
            BackLinear(b.MarkActive, MarkHead.HiddenWidth, weights, layout.MarkMixWeight!, null, b.GradientMarks, b.GradientB, MarkHead.HiddenWidth, false, gradient);
            Silu.Backward(b.MarkInner, b.GradientB, b.GradientB, (long)Rows * MarkHead.HiddenWidth);
            BackLinear(b.Features, GapFeatures.Stride, weights, layout.MarkGapWeight!, null, b.GradientB, null, 0, false, gradient);
            BackLinear(b.Hidden, d, weights, layout.MarkHiddenWeight!, layout.MarkHiddenBias, b.GradientB, hidden, d, true, gradient);
        }
        LayerNorm.Backward(hidden, b.Normal, b.Inverse, weights + layout.NormGain.Offset, gradient + layout.NormGain.Offset,
            gradient + layout.NormBias.Offset, b.GradientX, Rows, d);
        for (int l = config.Layers - 1; l >= 0; l--)
        {
            BackLayer(weights, layout.Layers[l], b.Layers[l], sequences, gradient);
        }
        Multiply(b.GradientX, b.KeepInput, b.GradientX, (long)Rows * d);
        int row = 0;
        foreach (var sequence in sequences)
        {
            for (int t = 0; t < sequence.Predicted; t++, row++)
            {
                InputEmbedding.Backward(b.GradientX + (nint)row * d, t == 0, (float)sequence.Intervals[t].Z,
                    gradient + layout.EmbedMark.Offset + (nint)sequence.Marks[t] * d, gradient + layout.EmbedGap.Offset, gradient + layout.EmbedBias.Offset, d);
            }
        }
    }

    private void BackLayer(float* weights, LayerParameters p, LayerBuffers a, IReadOnlyList<EncodedSequence> sequences, float* gradient)
    {
        var b = _buffers!;
        int d = config.Width, stride = NetworkBuffers.AttendedStride(config);

        // Feed-forward branch.
        Multiply(b.GradientX, a.Keep2, b.GradientB, (long)Rows * d);
        BackLinear(a.Active, 4 * d, weights, p.OutWeight, p.OutBias, b.GradientB, b.GradientA, 4 * d, false, gradient);
        Silu.Backward(a.Inner, b.GradientA, b.GradientA, (long)Rows * 4 * d);
        BackLinear(a.Hidden2, d, weights, p.InWeight, p.InBias, b.GradientA, b.GradientC, d, false, gradient);
        LayerNorm.Backward(b.GradientC, a.Normal2, a.Inverse2, weights + p.Norm2Gain.Offset, gradient + p.Norm2Gain.Offset,
            gradient + p.Norm2Bias.Offset, b.GradientX, Rows, d);

        // Attention branch.
        Multiply(b.GradientX, a.Keep1, b.GradientB, (long)Rows * d);
        BackLinear(a.Attended, stride, weights, p.OutputWeight, p.OutputBias, b.GradientB, b.GradientA, stride, false, gradient);
        float* time = stackalloc float[AarenLanes.Count], events = stackalloc float[AarenLanes.Count];
        float* dTime = stackalloc float[AarenLanes.Count], dEvents = stackalloc float[AarenLanes.Count];
        new Span<float>(dTime, AarenLanes.Count).Clear();
        new Span<float>(dEvents, AarenLanes.Count).Clear();
        int row = 0;
        foreach (var sequence in sequences)
        {
            int n = sequence.Predicted;
            AarenScan.Backward(a.Values + (nint)row * d, b.Gaps + row, a.Attended + (nint)row * stride, stride, a.Gates + (nint)row * 16,
                config.Heads, d, n, b.GradientA + (nint)row * stride, stride,
                config.Decay ? b.GradientA + (nint)row * stride + d : null, stride,
                b.GradientB + (nint)row * d, b.GradientScores + (nint)row * 16, dTime, dEvents);
            row += n;
        }
        if (config.Decay)
        {
            AarenDecay.Rates(weights + p.TimeDecay.Offset, weights + p.EventDecay.Offset, config, time, events);
            for (int h = 0; h < config.Heads; h++)
            {
                gradient[p.TimeDecay.Offset + h] += dTime[h] * time[h];
                gradient[p.EventDecay.Offset + h] += dEvents[h] * events[h];
            }
        }
        BackLinear(a.Hidden1, d, weights, p.ScoreWeight, p.ScoreBias, b.GradientScores, b.GradientC, d, false, gradient);
        BackLinear(a.Hidden1, d, weights, p.ValueWeight, p.ValueBias, b.GradientB, b.GradientC, d, true, gradient);
        LayerNorm.Backward(b.GradientC, a.Normal1, a.Inverse1, weights + p.Norm1Gain.Offset, gradient + p.Norm1Gain.Offset,
            gradient + p.Norm1Bias.Offset, b.GradientX, Rows, d);
    }

    /// <summary>Gradients of y = x W + b: dW += x' dy, db += column sums of dy, dx (+)= dy W'.</summary>
    private void BackLinear(float* input, int inputRow, float* weights, Parameter weight, Parameter? bias, float* dOutput,
        float* dInput, int dInputRow, bool accumulate, float* gradient)
    {
        int columns = weight.Stride;
        MatMul.Run(input, 1, inputRow, dOutput, columns, null, gradient + weight.Offset, columns, weight.Rows, Rows, columns, true);
        if (bias is not null)
        {
            float* dBias = gradient + bias.Offset;
            for (int row = 0; row < Rows; row++)
            {
                Add(dOutput + (nint)row * columns, dBias, columns);
            }
        }
        if (dInput == null)
        {
            return;
        }
        int padded = (weight.Rows + 15) / 16 * 16;
        if (_transposed is null || _transposed.Length < (long)padded * columns)
        {
            _transposed?.Dispose();
            _transposed = new AlignedBuffer((long)padded * columns);
        }
        float* transposed = _transposed.Pointer, source = weights + weight.Offset;
        for (int j = 0; j < columns; j++)
        {
            for (int i = 0; i < padded; i++)
            {
                transposed[(nint)j * padded + i] = i < weight.Rows ? source[(nint)i * columns + j] : 0;
            }
        }
        MatMul.Run(dOutput, columns, 1, transposed, padded, null, dInput, dInputRow, Rows, weight.Columns, padded, accumulate);
    }

    /// <summary>Drops activations and scales the others up; keeps the factors for the backward pass.</summary>
    private void Drop(float* x, float* keep, double dropout, RandomStream? random)
    {
        long length = (long)Rows * config.Width;
        if (dropout == 0)
        {
            new Span<float>(keep, (int)length).Fill(1);
            return;
        }
        float scale = (float)(1 / (1 - dropout));
        uint threshold = (uint)(dropout * 65536);
        for (long i = 0; i < length; i += 4)
        {
            ulong bits = random!.NextUInt64();
            for (int j = 0; j < 4; j++, bits >>= 16)
            {
                keep[i + j] = (bits & 0xffff) < threshold ? 0 : scale;
            }
        }
        Multiply(x, keep, x, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* x, float* y, float* result, long length)
    {
        for (long i = 0; i < length; i += 16)
        {
            (Vector512.Load(x + i) * Vector512.Load(y + i)).Store(result + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(float* x, float* sum, long length)
    {
        for (long i = 0; i < length; i += 16)
        {
            (Vector512.Load(x + i) + Vector512.Load(sum + i)).Store(sum + i);
        }
    }
}
