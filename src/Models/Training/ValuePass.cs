using Foretell.Models.Heads;
using Foretell.Models.Numerics;

namespace Foretell.Models.Training;

/// <summary>The value head over the rows of a pass: how likely the values of each next event were, given its gap and mark.</summary>
internal sealed unsafe class ValuePass(ValueHead head, IReadOnlyList<ValueMixture> mixtures) : HeadPass
{
    private AlignedBuffer? _memory;
    private int[] _marks = [];
    private int _capacity;
    private float* _own, _inner, _active, _outputs, _dInner, _dOutputs;

    /// <summary>Outputs of one row. Shape [stride].</summary>
    public ReadOnlySpan<float> Outputs(int row) => new(_outputs + (nint)row * head.Stride, head.Stride);

    /// <inheritdoc/>
    public override void Run(float* weights, NetworkBuffers b, IReadOnlyList<EncodedSequence> sequences, int rows, bool backward,
        double gradientScale)
    {
        EnsureCapacity(b.Rows);
        int row = 0, own = head.OwnStride;
        foreach (EncodedSequence sequence in sequences)
        {
            for (int t = 0; t < sequence.Rows; t++, row++)
            {
                _marks[row] = t + 1 < sequence.Length ? sequence.Marks[t + 1] : 0;
                sequence.Values!.Own.AsSpan(t * own, own).CopyTo(new Span<float>(_own + (nint)row * own, own));
            }
        }
        head.Forward(weights, b.Hidden, b.Width, _marks.AsSpan(0, rows), b.Features, _own, _inner, _active, _outputs);
        LogLikelihood = 0;
        row = 0;
        foreach (EncodedSequence sequence in sequences)
        {
            for (int t = 0; t < sequence.Rows; t++, row++)
            {
                var gradient = new Span<float>(_dOutputs + (nint)row * head.Stride, head.Stride);
                gradient.Clear();
                LogLikelihood += t + 1 < sequence.Length ? Score(sequence.Values!, t + 1, row, gradientScale, backward ? gradient : []) : 0;
            }
        }
    }

    /// <inheritdoc/>
    public override void Backward(float* weights, NetworkBuffers b, int rows, float* dHidden, bool accumulate, float* gradient) =>
        head.Backward(weights, b.Hidden, _marks.AsSpan(0, rows), b.Features, _own, _inner, _active, _dOutputs, _dInner, dHidden, accumulate,
            gradient);

    /// <inheritdoc/>
    public override void Dispose() => _memory?.Dispose();

    /// <summary>Log-likelihood of the values of an event: whether each is there, and where it is the density of its z.</summary>
    private double Score(EncodedValues values, int t, int row, double gradientScale, Span<float> gradient)
    {
        ReadOnlySpan<float> outputs = Outputs(row);
        double sum = 0;
        for (int i = 0; i < mixtures.Count; i++)
        {
            if (values.Track.IsFact(i))
            {
                continue;
            }
            int at = t * mixtures.Count + i;
            bool isHere = !float.IsNaN(values.Z[at]);
            sum += TieHead.Log(outputs, ValueHead.PresenceAt(i), isHere, gradientScale, gradient);
            if (isHere)
            {
                Range mixture = ValueHead.MixtureAt(i)..ValueHead.PresenceAt(i);
                double unit = values.Unit[at], u = ((double)values.Z[at] - values.Level[at]) / unit;
                sum += mixtures[i].LogDensity(outputs[mixture], u, gradientScale, gradient.IsEmpty ? [] : gradient[mixture])
                    - Math.Log(unit);
            }
        }
        return sum;
    }

    private void EnsureCapacity(int rows)
    {
        if (rows <= _capacity)
        {
            return;
        }
        _memory?.Dispose();
        (_capacity, _marks) = (rows, new int[rows]);
        _memory = new AlignedBuffer((long)rows * (head.OwnStride + 3 * ValueHead.HiddenWidth + 2 * head.Stride));
        float* next = _memory.Pointer;
        float* Take(int columns)
        {
            float* taken = next;
            next += (nint)rows * columns;
            return taken;
        }
        _own = Take(head.OwnStride);
        _inner = Take(ValueHead.HiddenWidth);
        _active = Take(ValueHead.HiddenWidth);
        _dInner = Take(ValueHead.HiddenWidth);
        _outputs = Take(head.Stride);
        _dOutputs = Take(head.Stride);
    }
}
