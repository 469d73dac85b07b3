using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>What <see cref="SoftmaxPass"/> needs of one sequence: keys and values in the shapes of matrix products, ages,
/// weights.</summary>
internal sealed unsafe class SoftmaxScratch : IDisposable
{
    private readonly HeadPanels _shape;
    private readonly double[] _times;
    private readonly AlignedBuffer _ages, _weights, _gradients, _result, _keys, _values;

    /// <param name="queries">Queries of a block.</param>
    /// <param name="capacity">Events that fit.</param>
    public SoftmaxScratch(HeadPanels shape, int queries, int capacity)
    {
        (_shape, Capacity, _times) = (shape, capacity, new double[capacity]);
        long block = (long)queries * HeadPanels.Padded(capacity);
        (_ages, _weights, _gradients, _result) = (new(block), new(block), new(block), new((long)queries * shape.Row));
        (_keys, _values) = (new(shape.TransposedFloats(capacity)), new(shape.Floats(capacity)));
    }

    /// <summary>Events that fit.</summary>
    public int Capacity { get; }

    /// <summary>Events of the sequence.</summary>
    public int Length { get; private set; }

    /// <summary>Floats of a line of ages or weights.</summary>
    public int Line => HeadPanels.Padded(Length);

    /// <summary>Age of each event at each query. Shape [queries, line].</summary>
    public float* Ages => _ages.Pointer;

    /// <summary>Scores, then weights. Shape [queries, line].</summary>
    public float* Weights => _weights.Pointer;

    /// <summary>Gradients of the weights, then of the scores. Shape [queries, line].</summary>
    public float* Gradients => _gradients.Pointer;

    /// <summary>Shape [queries, panel row].</summary>
    public float* Result => _result.Pointer;

    /// <summary>Transposed keys of a head. Shape [d_h, line].</summary>
    public float* Keys(int head) => _shape.Transposed(_keys, head, Length);

    /// <summary>Values of a head. Shape [n, panel row].</summary>
    public float* Values(int head) => _shape.Of(_values, head, Length);

    /// <summary>Takes a sequence.</summary>
    /// <param name="gaps">Shape [n].</param>
    /// <param name="keys">Shape [n, d].</param>
    /// <param name="values">Shape [n, d].</param>
    public void Prepare(float* gaps, float* keys, float* values, int n)
    {
        Length = n;
        for (int t = 1; t < n; t++)
        {
            _times[t] = _times[t - 1] + gaps[t];
        }
        _shape.Transpose(keys, _keys, n);
        _shape.Split(values, _shape.Width, _values, n);
    }

    /// <summary>Ages at queries start to end; of later events 0.</summary>
    public void SetAges(int start, int end)
    {
        for (int i = start; i < end; i++)
        {
            float* age = Ages + (nint)(i - start) * Line;
            for (int j = 0; j < HeadPanels.Padded(end); j++)
            {
                age[j] = j < i ? (float)(_times[i] - _times[j]) : 0;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AlignedBuffer buffer in new[] { _ages, _weights, _gradients, _result, _keys, _values })
        {
            buffer.Dispose();
        }
    }
}
