using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;
using Foretell.Models.Network;

namespace Foretell.Models.Training;

/// <summary>The heads of the next event, its time and its mark, over the rows of a pass.</summary>
internal sealed unsafe class NextEventPass(ModelConfig config, ParameterLayout layout, TimeHead timeHead) : HeadPass
{
    private readonly SequenceLikelihood _likelihood = new(config, timeHead);
    private LikelihoodSums _sums;
    private double[] _logTimes = [], _logMarks = [];

    /// <summary>Summed log-likelihoods of the last pass.</summary>
    public LikelihoodSums Sums => _sums;

    /// <summary>As <see cref="NetworkPass.LogTimes"/>. Shape [rows or more].</summary>
    public ReadOnlySpan<double> LogTimes => _logTimes;

    /// <summary>As <see cref="NetworkPass.LogMarks"/>. Shape [rows or more].</summary>
    public ReadOnlySpan<double> LogMarks => _logMarks;

    /// <inheritdoc/>
    public override void Run(float* weights, NetworkBuffers b, IReadOnlyList<EncodedSequence> sequences, int rows, bool backward,
        double gradientScale)
    {
        _sums = default;
        if (_logTimes.Length < rows)
        {
            (_logTimes, _logMarks) = (new double[b.Rows], new double[b.Rows]);
        }
        int d = config.Width, marks = config.Marks.Count, timeOutputs = layout.TimeWeight.Stride;
        Linear.Forward(b.Hidden, d, weights, layout.TimeWeight, layout.TimeBias, b.Time, rows);
        if (marks > 0)
        {
            MarkHead.Logits(weights, layout.Marks!, b.Hidden, d, b.Features, b.MarkInner, b.MarkActive, b.MarkLogits, rows);
        }
        int row = 0, logitStride = marks > 0 ? layout.Marks!.Weight.Stride : 0;
        foreach (EncodedSequence sequence in sequences)
        {
            nint time = (nint)row * timeOutputs, logits = (nint)row * logitStride;
            _likelihood.Add(sequence, b.Time + time, timeOutputs, b.MarkLogits + logits, logitStride, gradientScale,
                backward ? b.GradientTime + time : null, backward ? b.GradientMarks + logits : null,
                _logTimes.AsSpan(row), _logMarks.AsSpan(row), ref _sums);
            row += sequence.Rows;
        }
        LogLikelihood = -_sums.Nll;
    }

    /// <inheritdoc/>
    public override void Backward(float* weights, NetworkBuffers b, int rows, float* dHidden, bool accumulate, float* gradient)
    {
        int d = config.Width;
        Linear.Backward(b.Hidden, d, weights, layout.TimeWeight, layout.TimeBias, b.GradientTime, dHidden, d, rows, accumulate, gradient);
        if (config.Marks.Count > 0)
        {
            Linear.Backward(b.Hidden, d, weights, layout.Marks!.Weight, layout.Marks!.Bias, b.GradientMarks, dHidden, d, rows, true,
                gradient);
            Linear.Backward(b.MarkActive, MarkHead.HiddenWidth, weights, layout.Marks!.MixWeight, null, b.GradientMarks,
                b.GradientMarkInner, MarkHead.HiddenWidth, rows, false, gradient);
            Silu.Backward(b.MarkInner, b.GradientMarkInner, b.GradientMarkInner, (long)rows * MarkHead.HiddenWidth);
            Linear.Backward(b.Features, GapFeatures.Stride, weights, layout.Marks!.GapWeight, null, b.GradientMarkInner, null, 0, rows,
                false, gradient);
            Linear.Backward(b.Hidden, d, weights, layout.Marks!.HiddenWeight, layout.Marks!.HiddenBias, b.GradientMarkInner, dHidden, d,
                rows, true, gradient);
        }
    }
}
