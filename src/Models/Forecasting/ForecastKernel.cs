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

    /// <summary>Probability of each kind of stream.</summary>
    /// <param name="probabilities">Output, sums to 1. Shape [c].</param>
    public void Labels(ReadOnlySpan<float> basis, Span<double> probabilities)
    {
        LabelHead head = model.Layout.Labels!;
        float* logits = stackalloc float[head.Weight.Stride];
        basis.CopyTo(_basis.Span);
        head.Logits(model.Weights.Pointer, _basis.Pointer, logits, 1);
        probabilities.Clear();
        MarkHead.AddProbabilities(new ReadOnlySpan<float>(logits, head.Labels), 1, probabilities);
    }

    /// <summary>Distribution of the time to the stream's last event, given that it is not over.</summary>
    public GapDistribution Remaining(ReadOnlySpan<float> basis)
    {
        RemainingHead head = model.Layout.Remaining!;
        float* outputs = stackalloc float[head.Weight.Stride];
        basis.CopyTo(_basis.Span);
        head.Outputs(model.Weights.Pointer, _basis.Pointer, outputs, 1);
        return head.Decode(new ReadOnlySpan<float>(outputs, head.Weight.Stride), over: 0);
    }

    /// <summary>What values come with an event, over gaps and marks that it may have.</summary>
    /// <param name="basis">Shape [BasisFloats].</param>
    /// <param name="cells">Gap in time units, mark, and weight; weights sum to 1; at most <see cref="Nodes"/>.</param>
    /// <returns>Shape [v].</returns>
    public ValueForecast[] Values(ReadOnlySpan<float> basis, IReadOnlyList<(double Tau, int Mark, double Weight)> cells)
    {
        int[] marks = new int[cells.Count];
        for (int i = 0; i < cells.Count; i++)
        {
            Lay(basis, i, cells[i].Tau);
            marks[i] = cells[i].Mark;
        }
        _heads.Values(_basis.Pointer, marks, _features.Pointer);
        ReadOnlySpan<float> state = _heads.ValueState(_basis.Pointer, 0);
        var forecasts = new ValueForecast[model.ForecastValues.Length];
        for (int i = 0; i < forecasts.Length; i++)
        {
            int value = model.ForecastValues[i];
            (float level, float unit) = model.Values!.Own(state, value);
            forecasts[i] = Value(value, cells, level, unit);
        }
        return forecasts;
    }

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
        probabilities.Clear();
        for (int i = 0; i < gaps.Length; i++)
        {
            Lay(basis, i, gaps[i].Tau);
        }
        _heads.Marks(_basis.Pointer, _features.Pointer, gaps.Length);
        for (int i = 0; i < gaps.Length; i++)
        {
            MarkHead.AddProbabilities(_heads.MarkLogits(i), gaps[i].Weight, probabilities);
        }
    }

    /// <summary>Lays a basis and a gap into row <paramref name="row"/> of the heads' input.</summary>
    private void Lay(ReadOnlySpan<float> basis, int row, double tau)
    {
        basis.CopyTo(_basis.Span[(row * model.State.BasisStride)..]);
        double z = GapInterval.StandardiseFloored(tau, model.Config);
        GapFeatures.Write(z, _features.Span.Slice(row * GapFeatures.Stride, GapFeatures.Count));
    }

    /// <summary>One value over the cells: each counts by its weight and by how likely the value is there.</summary>
    private ValueForecast Value(int value, IReadOnlyList<(double Tau, int Mark, double Weight)> cells, float level, float unit)
    {
        ValueMixture head = model.ValueMixtures[value];
        int k = head.Components;
        var all = new NormalMixture(new double[cells.Count * k], new double[cells.Count * k], new double[cells.Count * k]);
        double there = 0;
        for (int i = 0; i < cells.Count; i++)
        {
            var outputs = new ReadOnlySpan<float>(_heads.ValueOutputsPointer(i), model.Layout.Values!.Stride);
            double weight = cells[i].Weight * Logistic.Probability(outputs[ValueHead.PresenceAt(value)]);
            there += weight;
            Span<double> logWeight = all.LogWeight.AsSpan(i * k, k);
            head.Decode(outputs[ValueHead.MixtureAt(value)..], logWeight, all.Mean.AsSpan(i * k, k), all.Deviation.AsSpan(i * k, k));
            foreach (ref double log in logWeight)
            {
                log += Math.Log(Math.Max(weight, 1e-300));
            }
        }
        return new ValueForecast(model.Config.Values![value], there, Heaviest(all).Rescale(level, unit));
    }

    /// <summary>The heaviest components, which have all but a thousandth of the weight: every quantile is a sum over them.</summary>
    private static NormalMixture Heaviest(NormalMixture all)
    {
        int[] order = [.. Enumerable.Range(0, all.Mean.Length).OrderByDescending(i => all.LogWeight[i])];
        double[] weights = Array.ConvertAll(order, i => Math.Exp(all.LogWeight[i]));
        double most = (1 - 1e-3) * weights.Sum(), sum = weights[0];
        int count = 1;
        while (count < order.Length && sum < most)
        {
            sum += weights[count++];
        }
        order = order[..count];
        return new NormalMixture([.. order.Select(i => all.LogWeight[i] - Math.Log(sum))], [.. order.Select(i => all.Mean[i])],
            [.. order.Select(i => all.Deviation[i])]);
    }
}
