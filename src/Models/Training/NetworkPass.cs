using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;
using Foretell.Models.Network;

namespace Foretell.Models.Training;

/// <summary>The parallel form of the whole network over a group of sequences, forwards and backwards.</summary>
/// <remarks>
/// Sequences lie one behind the other, without padding: everything but attention works on rows.
/// One pass is used by one thread; gradients go to the caller's vector, so a batch can be split over passes and
/// their gradients added in a fixed order.
/// </remarks>
internal sealed unsafe class NetworkPass(ModelConfig config, ParameterLayout layout, TimeHead timeHead) : IDisposable
{
    private readonly SequenceLikelihood _likelihood = new(config, timeHead);
    private NetworkBuffers? _buffers;
    private LikelihoodSums _sums;
    private int[] _lengths = [];
    private double[] _logTimes = [], _logMarks = [];

    /// <summary>Summed log-likelihoods of the predicted events of the last pass, nats.</summary>
    public double Time => _sums.Time;

    /// <summary>Summed log probabilities of the marks given the gaps.</summary>
    public double Mark => _sums.Mark;

    /// <summary>Summed log-likelihoods of the open ends.</summary>
    public double OpenEnds => _sums.OpenEnds;

    /// <summary>Rows of the last pass: one a predicted event or open end.</summary>
    public int Rows { get; private set; }

    /// <summary>Log-likelihood of each row's event, its mark left out; not set where an open end follows. Shape [Rows].</summary>
    public ReadOnlySpan<double> LogTimes => _logTimes.AsSpan(0, Rows);

    /// <summary>Log probability of each row's mark given the gap; not set where an open end follows or there are no marks. Shape
    /// [Rows].</summary>
    public ReadOnlySpan<double> LogMarks => _logMarks.AsSpan(0, Rows);

    /// <summary>Activations of the last pass.</summary>
    public NetworkBuffers Buffers => _buffers!;

    /// <summary>Runs the network, and backwards where <paramref name="gradient"/> is given.</summary>
    /// <param name="weights">Parameter vector.</param>
    /// <param name="sequences">Sequences; those with neither a second event nor an open end add nothing.</param>
    /// <param name="gradient">Added to: gradientScale x d(summed log-likelihood)/d(weights); or null.</param>
    public void Run(float* weights, IReadOnlyList<EncodedSequence> sequences, float* gradient, double gradientScale)
    {
        _lengths = [.. sequences.Select(s => s.Rows)];
        Rows = _lengths.Sum();
        _sums = default;
        if (Rows == 0)
        {
            return;
        }
        if (_buffers is null || _buffers.Rows < Rows)
        {
            _buffers?.Dispose();
            _buffers = new NetworkBuffers(config, layout, Rows + Rows / 4);
            (_logTimes, _logMarks) = (new double[_buffers.Rows], new double[_buffers.Rows]);
        }
        Embed(weights, sequences);
        for (int l = 0; l < config.Layers; l++)
        {
            Layer(weights, layout.Layers[l], _buffers.Layers[l]);
        }
        Heads(weights, sequences, gradient != null, gradientScale);
        if (gradient != null)
        {
            Backward(weights, sequences, gradient);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _buffers?.Dispose();

    private void Embed(float* weights, IReadOnlyList<EncodedSequence> sequences)
    {
        var b = _buffers!;
        int d = config.Width, row = 0;
        float* mark = weights + layout.EmbedMark.Offset, gap = weights + layout.EmbedGap.Offset, bias = weights + layout.EmbedBias.Offset;
        foreach (var sequence in sequences)
        {
            for (int t = 0; t < sequence.Rows; t++, row++)
            {
                b.Gaps[row] = sequence.Gaps[t];
                InputEmbedding.Write(mark + (nint)sequence.Marks[t] * d, gap, bias, t == 0, (float)sequence.Intervals[t].Z,
                    b.X + (nint)row * d, d);
                if (config.Marks.Count > 0)
                {
                    var features = new Span<float>(b.Features + (nint)row * GapFeatures.Stride, GapFeatures.Stride);
                    // No mark follows an open end, and what its row leaves unused must still be numbers.
                    features.Clear();
                    if (t + 1 < sequence.Length)
                    {
                        sequence.Features.AsSpan((t + 1) * GapFeatures.Stride, GapFeatures.Stride).CopyTo(features);
                    }
                }
            }
        }
    }

    private void Layer(float* weights, LayerParameters p, LayerBuffers a)
    {
        var b = _buffers!;
        int d = config.Width, stride = p.Mixer.OutputStride;
        LayerNorm.Forward(b.X, weights + p.Norm1Gain.Offset, weights + p.Norm1Bias.Offset, a.Hidden1, a.Normal1, a.Inverse1, Rows, d);
        a.Mixer.Forward(weights, _lengths, b.Gaps, a.Hidden1, a.Attended);
        Linear.Forward(a.Attended, stride, weights, p.OutputWeight, p.OutputBias, b.X, Rows, accumulate: true);

        LayerNorm.Forward(b.X, weights + p.Norm2Gain.Offset, weights + p.Norm2Bias.Offset, a.Hidden2, a.Normal2, a.Inverse2, Rows, d);
        Linear.Forward(a.Hidden2, d, weights, p.InWeight, p.InBias, a.Inner, Rows);
        Silu.Forward(a.Inner, a.Active, (long)Rows * 4 * d);
        Linear.Forward(a.Active, 4 * d, weights, p.OutWeight, p.OutBias, b.X, Rows, accumulate: true);
    }

    private void Heads(float* weights, IReadOnlyList<EncodedSequence> sequences, bool backward, double gradientScale)
    {
        var b = _buffers!;
        int d = config.Width, marks = config.Marks.Count, timeOutputs = layout.TimeWeight.Stride;
        LayerNorm.Forward(b.X, weights + layout.NormGain.Offset, weights + layout.NormBias.Offset, b.Hidden, b.Normal, b.Inverse, Rows, d);
        Linear.Forward(b.Hidden, d, weights, layout.TimeWeight, layout.TimeBias, b.Time, Rows);
        if (marks > 0)
        {
            MarkHead.Logits(weights, layout.Marks!, b.Hidden, d, b.Features, b.MarkInner, b.MarkActive, b.MarkLogits, Rows);
        }
        int row = 0, logitStride = marks > 0 ? layout.Marks!.Weight.Stride : 0;
        foreach (var sequence in sequences)
        {
            nint time = (nint)row * timeOutputs, logits = (nint)row * logitStride;
            _likelihood.Add(sequence, b.Time + time, timeOutputs, b.MarkLogits + logits, logitStride, gradientScale,
                backward ? b.GradientTime + time : null, backward ? b.GradientMarks + logits : null,
                _logTimes.AsSpan(row), _logMarks.AsSpan(row), ref _sums);
            row += sequence.Rows;
        }
    }

    private void Backward(float* weights, IReadOnlyList<EncodedSequence> sequences, float* gradient)
    {
        var b = _buffers!;
        int d = config.Width;
        new Span<float>(b.GradientX, Rows * d).Clear();
        float* hidden = b.GradientC;
        Linear.Backward(b.Hidden, d, weights, layout.TimeWeight, layout.TimeBias, b.GradientTime, hidden, d, Rows, false, gradient);
        if (config.Marks.Count > 0)
        {
            Linear.Backward(b.Hidden, d, weights, layout.Marks!.Weight, layout.Marks!.Bias, b.GradientMarks, hidden, d, Rows, true,
                gradient);
            Linear.Backward(b.MarkActive, MarkHead.HiddenWidth, weights, layout.Marks!.MixWeight, null, b.GradientMarks,
                b.GradientMarkInner, MarkHead.HiddenWidth, Rows, false, gradient);
            Silu.Backward(b.MarkInner, b.GradientMarkInner, b.GradientMarkInner, (long)Rows * MarkHead.HiddenWidth);
            Linear.Backward(b.Features, GapFeatures.Stride, weights, layout.Marks!.GapWeight, null, b.GradientMarkInner, null, 0, Rows,
                false, gradient);
            Linear.Backward(b.Hidden, d, weights, layout.Marks!.HiddenWeight, layout.Marks!.HiddenBias, b.GradientMarkInner, hidden, d,
                Rows, true, gradient);
        }
        LayerNorm.Backward(hidden, b.Normal, b.Inverse, weights + layout.NormGain.Offset, gradient + layout.NormGain.Offset,
            gradient + layout.NormBias.Offset, b.GradientX, Rows, d);
        for (int l = config.Layers - 1; l >= 0; l--)
        {
            BackLayer(weights, layout.Layers[l], b.Layers[l], gradient);
        }
        int row = 0;
        foreach (var sequence in sequences)
        {
            for (int t = 0; t < sequence.Rows; t++, row++)
            {
                InputEmbedding.Backward(b.GradientX + (nint)row * d, t == 0, (float)sequence.Intervals[t].Z,
                    gradient + layout.EmbedMark.Offset + (nint)sequence.Marks[t] * d, gradient + layout.EmbedGap.Offset,
                    gradient + layout.EmbedBias.Offset, d);
            }
        }
    }

    private void BackLayer(float* weights, LayerParameters p, LayerBuffers a, float* gradient)
    {
        var b = _buffers!;
        int d = config.Width, stride = p.Mixer.OutputStride;

        // Feed-forward branch.
        Linear.Backward(a.Active, 4 * d, weights, p.OutWeight, p.OutBias, b.GradientX, b.GradientA, 4 * d, Rows, false, gradient);
        Silu.Backward(a.Inner, b.GradientA, b.GradientA, (long)Rows * 4 * d);
        Linear.Backward(a.Hidden2, d, weights, p.InWeight, p.InBias, b.GradientA, b.GradientC, d, Rows, false, gradient);
        LayerNorm.Backward(b.GradientC, a.Normal2, a.Inverse2, weights + p.Norm2Gain.Offset, gradient + p.Norm2Gain.Offset,
            gradient + p.Norm2Bias.Offset, b.GradientX, Rows, d);

        // Attention branch.
        Linear.Backward(a.Attended, stride, weights, p.OutputWeight, p.OutputBias, b.GradientX, b.GradientA, stride, Rows, false, gradient);
        a.Mixer.Backward(weights, _lengths, b.Gaps, a.Hidden1, a.Attended, b.GradientA, b.GradientC, gradient);
        LayerNorm.Backward(b.GradientC, a.Normal1, a.Inverse1, weights + p.Norm1Gain.Offset, gradient + p.Norm1Gain.Offset,
            gradient + p.Norm1Bias.Offset, b.GradientX, Rows, d);
    }
}
