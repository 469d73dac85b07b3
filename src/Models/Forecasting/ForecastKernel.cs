using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Forecasting;

/// <summary>Scratch space for questions about single streams: heads on one basis, marks over many gaps.</summary>
internal sealed unsafe class ForecastKernel(ForecastModel model)
{
    /// <summary>Gaps over which marks are averaged: enough that a mark's probability is right to about 1e-3.</summary>
    public const int Nodes = 256;

    private readonly HeadKernel _heads = new(model, Nodes);
    private readonly AlignedBuffer _basis = new((long)Nodes * model.State.BasisStride);
    private readonly AlignedBuffer _features = new((long)Nodes * GapFeatures.Stride);

    /// <summary>The time head's outputs for a basis; they stand until the next call. Shape [3k or more].</summary>
    /// <param name="neverLogit">Output: the logit of no next event at all.</param>
    public ReadOnlySpan<float> Time(ReadOnlySpan<float> basis, out double neverLogit)
    {
        basis.CopyTo(_basis.Span);
        _heads.Time(_basis.Pointer, 1);
        neverLogit = _heads.NeverLogit(0);
        return _heads.TimeOutputs(0);
    }

    /// <summary>Probability of each mark, averaged over weighted gaps.</summary>
    /// <param name="basis">Shape [BasisFloats].</param>
    /// <param name="gaps">Gaps in time units with weights that sum to 1; at most <see cref="Nodes"/>.</param>
    /// <param name="probabilities">Output, sums to 1. Shape [m].</param>
    public void Marks(ReadOnlySpan<float> basis, ReadOnlySpan<(double Tau, double Weight)> gaps, Span<double> probabilities)
    {
        int stride = model.State.BasisStride;
        probabilities.Clear();
        for (int i = 0; i < gaps.Length; i++)
        {
            basis.CopyTo(_basis.Span[(i * stride)..]);
            double z = GapInterval.StandardiseFloored(gaps[i].Tau, model.Config);
            GapFeatures.Write(z, _features.Span.Slice(i * GapFeatures.Stride, GapFeatures.Count));
        }
        _heads.Marks(_basis.Pointer, _features.Pointer, gaps.Length);
        for (int i = 0; i < gaps.Length; i++)
        {
            MarkHead.AddProbabilities(_heads.MarkLogits(i), gaps[i].Weight, probabilities);
        }
    }
}
