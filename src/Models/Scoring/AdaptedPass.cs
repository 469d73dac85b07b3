using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Training;

namespace Foretell.Models.Scoring;

/// <summary>What a pass over sequences says once each stream's adaptation has gone along: as serving does, event by event, on the outputs
/// that the parallel form gave.</summary>
internal sealed unsafe class AdaptedPass : IDisposable
{
    private readonly ForecastModel _model;
    private readonly NetworkPass _pass;
    private readonly AlignedBuffer _bases;
    private readonly double[] _logTimes, _logMarks;

    /// <summary>Adapts the outputs of <paramref name="pass"/> in their place.</summary>
    /// <param name="sequences">Those of the pass.</param>
    public AdaptedPass(ForecastModel model, NetworkPass pass, IReadOnlyList<EncodedSequence> sequences)
    {
        (_model, _pass) = (model, pass);
        int rows = pass.Rows, stride = model.State.BasisStride, timeStride = model.Layout.TimeWeight.Stride;
        int markStride = model.Layout.Marks?.Weight.Stride ?? 0;
        _bases = new AlignedBuffer((long)Math.Max(1, rows) * stride);
        (_logTimes, _logMarks) = (new double[rows], new double[rows]);
        var likelihood = new SequenceLikelihood(model.Config, model.TimeHead);
        var sums = new LikelihoodSums();
        int first = 0;
        foreach (EncodedSequence sequence in sequences)
        {
            Adapt(sequence, first);
            likelihood.Add(sequence, pass.Buffers.Time + (nint)first * timeStride, timeStride,
                pass.Buffers.MarkLogits + (nint)first * markStride, markStride, 0, null, null, _logTimes.AsSpan(first),
                _logMarks.AsSpan(first), ref sums);
            first += sequence.Rows;
        }
        OpenEnds = sums.OpenEnds;
    }

    /// <summary>As <see cref="NetworkPass.LogTimes"/>.</summary>
    public ReadOnlySpan<double> LogTimes => _logTimes;

    /// <summary>As <see cref="NetworkPass.LogMarks"/>.</summary>
    public ReadOnlySpan<double> LogMarks => _logMarks;

    /// <summary>As <see cref="NetworkPass.OpenEnds"/>.</summary>
    public double OpenEnds { get; }

    /// <summary>What a row's forecast is made of. Shape [BasisFloats].</summary>
    public ReadOnlySpan<float> Basis(int row) => new(BasisPointer(row), _model.BasisFloats);

    /// <inheritdoc/>
    public void Dispose() => _bases.Dispose();

    private float* BasisPointer(int row) => _bases.Pointer + (nint)row * _model.State.BasisStride;

    private void Adapt(EncodedSequence sequence, int first)
    {
        int d = _model.Config.Width, marks = _model.Config.Marks.Count;
        int timeStride = _model.Layout.TimeWeight.Stride, markStride = _model.Layout.Marks?.Weight.Stride ?? 0;
        Adaptation adaptation = _model.Adaptation!;
        float* state = stackalloc float[Math.Max(1, _model.State.AdaptationFloats)];
        new Span<float>(state, _model.State.AdaptationFloats).Clear();
        for (int i = 0; i < sequence.Rows; i++)
        {
            int row = first + i, t = i + 1;
            float* basis = BasisPointer(row), time = _pass.Buffers.Time + (nint)row * timeStride;
            float* logits = _pass.Buffers.MarkLogits + (nint)row * markStride;
            new ReadOnlySpan<float>(_pass.Buffers.Hidden + (nint)row * d, d).CopyTo(new Span<float>(basis, d));
            new ReadOnlySpan<float>(state, _model.State.AdaptationFloats).CopyTo(new Span<float>(basis + d, _model.State.AdaptationFloats));
            if (t < sequence.Length && !sequence.Intervals[t].IsTie)
            {
                adaptation.AdaptAndObserveGap(state, time, sequence.Intervals[t]);
            }
            else
            {
                adaptation.AdaptGap(basis + d, time);
            }
            if (t < sequence.Length && marks > 0 && sequence.Marks[t] < marks)
            {
                adaptation.AdaptAndObserveMarks(state, logits, sequence.Marks[t]);
            }
            else if (marks > 0)
            {
                adaptation.AdaptMarks(basis + d, logits);
            }
        }
    }
}
