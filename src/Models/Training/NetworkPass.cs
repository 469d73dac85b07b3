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
internal sealed unsafe class NetworkPass : IDisposable
{
    private readonly ModelConfig _config;
    private readonly ParameterLayout _layout;
    private readonly NextEventPass? _next;
    private readonly ValuePass? _values;
    private readonly LabelPass? _labels, _actions;
    private readonly SeriesPass? _series;
    private readonly RemainingPass? _remaining;
    private readonly HeadPass[] _heads, _others;
    private NetworkBuffers? _buffers;
    private int[] _lengths = [];

    /// <param name="config">The model's.</param>
    /// <param name="layout">Places of its tensors.</param>
    /// <param name="timeHead">Its time head; null leaves the heads of the next event out.</param>
    /// <param name="values">Its value head's mixtures, where it has one.</param>
    public NetworkPass(ModelConfig config, ParameterLayout layout, TimeHead? timeHead, IReadOnlyList<ValueMixture>? values = null)
    {
        (_config, _layout) = (config, layout);
        _next = timeHead is null ? null : new NextEventPass(config, layout, timeHead);
        _values = layout.Values is null ? null : new ValuePass(layout.Values, values!);
        _labels = layout.Labels is null ? null : new LabelPass(layout.Labels, (sequence, _) => sequence.Label);
        _actions = layout.Actions is null ? null : new LabelPass(layout.Actions, (sequence, t) => sequence.Episode!.Chosen[t]);
        _series = layout.Series is null ? null : new SeriesPass(layout.Series);
        _remaining = layout.Remaining is null ? null : new RemainingPass(layout.Remaining);
        _others = [.. new HeadPass?[] { _values, _labels, _actions, _series, _remaining }.OfType<HeadPass>()];
        _heads = _next is null ? _others : [_next, .. _others];
    }

    /// <summary>Summed log-likelihoods of the predicted events of the last pass, nats.</summary>
    public double Time => Sums.Time;

    /// <summary>Summed log probabilities of the marks given the gaps.</summary>
    public double Mark => Sums.Mark;

    /// <summary>Summed log-likelihoods of the open ends.</summary>
    public double OpenEnds => Sums.OpenEnds;

    /// <summary>Summed log-likelihoods of all heads.</summary>
    public double LogLikelihood => Rows == 0 ? 0 : _heads.Sum(head => head.LogLikelihood);

    /// <summary>Of all but the next event's.</summary>
    public double Others => Rows == 0 ? 0 : _others.Sum(head => head.LogLikelihood);

    /// <summary>Rows of the last pass: one an event behind which something is said.</summary>
    public int Rows { get; private set; }

    /// <summary>Log-likelihood of each row's event, its mark left out; not set where none follows. Shape [Rows].</summary>
    public ReadOnlySpan<double> LogTimes => _next!.LogTimes[..Rows];

    /// <summary>Log probability of each row's mark given the gap; not set where no event follows or there are no marks. Shape
    /// [Rows].</summary>
    public ReadOnlySpan<double> LogMarks => _next!.LogMarks[..Rows];

    /// <summary>The value head's part of the last pass; null without one.</summary>
    public ValuePass? Values => _values;

    /// <summary>The label head's part of the last pass; null without one.</summary>
    public LabelPass? Labels => _labels;

    /// <summary>The action head's part of the last pass; null without one.</summary>
    public LabelPass? Actions => _actions;

    /// <summary>The series head's part of the last pass; null without one.</summary>
    public SeriesPass? Series => _series;

    /// <summary>The remaining time's part of the last pass; null without its head.</summary>
    public RemainingPass? RemainingTimes => _remaining;

    /// <summary>Activations of the last pass.</summary>
    public NetworkBuffers Buffers => _buffers!;

    // A pass without rows, as a thread has where a batch is small, runs no head: the last sums are those of an earlier one.
    private LikelihoodSums Sums => Rows == 0 || _next is null ? default : _next.Sums;

    /// <summary>Runs the network, and backwards where <paramref name="gradient"/> is given.</summary>
    /// <param name="weights">Parameter vector.</param>
    /// <param name="sequences">Sequences; those with neither a second event nor an open end add nothing.</param>
    /// <param name="gradient">Added to: gradientScale x d(summed log-likelihood)/d(weights); or null.</param>
    public void Run(float* weights, IReadOnlyList<EncodedSequence> sequences, float* gradient, double gradientScale)
    {
        _lengths = [.. sequences.Select(s => s.Rows)];
        Rows = _lengths.Sum();
        if (Rows == 0)
        {
            return;
        }
        if (_buffers is null || _buffers.Rows < Rows)
        {
            _buffers?.Dispose();
            _buffers = new NetworkBuffers(_config, _layout, Rows + Rows / 4);
        }
        Embed(weights, sequences);
        for (int l = 0; l < _config.Layers; l++)
        {
            Layer(weights, _layout.Layers[l], _buffers.Layers[l]);
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
        Array.ForEach(_heads, head => head.Dispose());
    }

    private void Embed(float* weights, IReadOnlyList<EncodedSequence> sequences)
    {
        var b = _buffers!;
        int d = _config.Width, row = 0;
        float* mark = weights + _layout.EmbedMark.Offset, gap = weights + _layout.EmbedGap.Offset;
        float* bias = weights + _layout.EmbedBias.Offset;
        foreach (var sequence in sequences)
        {
            for (int t = 0; t < sequence.Rows; t++, row++)
            {
                b.Gaps[row] = sequence.Gaps[t];
                InputEmbedding.Write(mark + (nint)sequence.Marks[t] * d, gap, bias, t == 0, (float)sequence.Intervals[t].Z,
                    b.X + (nint)row * d, d);
            }
        }
        for (int i = 0; i < _layout.Inputs.Count; i++)
        {
            int stride = _layout.Inputs[i].Stride;
            float* features = b.Inputs[i];
            foreach (EncodedSequence sequence in sequences)
            {
                sequence.Inputs[i].AsSpan(0, sequence.Rows * stride).CopyTo(new Span<float>(features, sequence.Rows * stride));
                features += (nint)sequence.Rows * stride;
            }
            _layout.Inputs[i].Embed(weights, b.Inputs[i], b.X, Rows);
        }
    }

    private void Layer(float* weights, LayerParameters p, LayerBuffers a)
    {
        var b = _buffers!;
        int d = _config.Width, stride = p.Mixer.OutputStride;
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
        LayerNorm.Forward(b.X, weights + _layout.NormGain.Offset, weights + _layout.NormBias.Offset, b.Hidden, b.Normal, b.Inverse, Rows,
            _config.Width);
        if (_layout.Marks is not null || _layout.Values is not null)
        {
            b.WriteNextGaps(sequences);
        }
        foreach (HeadPass head in _heads)
        {
            head.Run(weights, b, sequences, Rows, backward, gradientScale);
        }
    }

    private void Backward(float* weights, IReadOnlyList<EncodedSequence> sequences, float* gradient)
    {
        var b = _buffers!;
        int d = _config.Width;
        new Span<float>(b.GradientX, Rows * d).Clear();
        float* hidden = b.GradientC;
        for (int i = 0; i < _heads.Length; i++)
        {
            _heads[i].Backward(weights, b, Rows, hidden, i > 0, gradient);
        }
        LayerNorm.Backward(hidden, b.Normal, b.Inverse, weights + _layout.NormGain.Offset, gradient + _layout.NormGain.Offset,
            gradient + _layout.NormBias.Offset, b.GradientX, Rows, d);
        for (int l = _config.Layers - 1; l >= 0; l--)
        {
            BackLayer(weights, _layout.Layers[l], b.Layers[l], gradient);
        }
        for (int i = 0; i < _layout.Inputs.Count; i++)
        {
            _layout.Inputs[i].Backward(weights, b.Inputs[i], b.GradientX, Rows, gradient);
        }
        int row = 0;
        foreach (var sequence in sequences)
        {
            for (int t = 0; t < sequence.Rows; t++, row++)
            {
                InputEmbedding.Backward(b.GradientX + (nint)row * d, t == 0, (float)sequence.Intervals[t].Z,
                    gradient + _layout.EmbedMark.Offset + (nint)sequence.Marks[t] * d, gradient + _layout.EmbedGap.Offset,
                    gradient + _layout.EmbedBias.Offset, d);
            }
        }
    }

    private void BackLayer(float* weights, LayerParameters p, LayerBuffers a, float* gradient)
    {
        var b = _buffers!;
        int d = _config.Width, stride = p.Mixer.OutputStride;

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
