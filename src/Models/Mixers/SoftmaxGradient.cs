using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>Gradients of one sequence's queries, keys and values, head by head, from those of the scores.</summary>
internal sealed unsafe class SoftmaxGradient(HeadPanels shape, int capacity) : IDisposable
{
    private readonly AlignedBuffer _queries = new(shape.Floats(capacity)), _keys = new(shape.Floats(capacity)),
        _outputs = new(shape.Floats(capacity));
    private readonly AlignedBuffer _dQueries = new(shape.Floats(capacity)), _dKeys = new(shape.Floats(capacity)),
        _dValues = new(shape.Floats(capacity));
    private readonly AlignedBuffer _values = new(shape.TransposedFloats(capacity));

    /// <summary>Events that fit.</summary>
    public int Capacity => capacity;

    /// <summary>Transposed values of a head. Shape [d_h, line].</summary>
    public float* Values(int head, int n) => shape.Transposed(_values, head, n);

    /// <summary>Takes a sequence. Shape of queries, keys and values [n, d].</summary>
    /// <param name="dOutput">Gradient of the output. Shape [n, stride].</param>
    public void Prepare(float* queries, float* keys, float* values, float* dOutput, int stride, int n)
    {
        shape.Split(queries, shape.Width, _queries, n);
        shape.Split(keys, shape.Width, _keys, n);
        shape.Split(dOutput, stride, _outputs, n);
        shape.Transpose(values, _values, n);
        new Span<float>(_dKeys.Pointer, checked((int)shape.Floats(n))).Clear();
        new Span<float>(_dValues.Pointer, checked((int)shape.Floats(n))).Clear();
    }

    /// <summary>Adds what one block of a head's queries gives.</summary>
    /// <param name="scratch">Holds the block's weights and the gradients of its scores.</param>
    public void Add(SoftmaxScratch scratch, int head, int start, int end)
    {
        int n = scratch.Length, line = scratch.Line, row = shape.Row, queries = end - start;
        nint first = (nint)start * row;
        MatMul.Run(scratch.Gradients, line, 1, shape.Of(_keys, head, n), row, null, shape.Of(_dQueries, head, n) + first, row, queries,
            end, row, false);
        MatMul.Run(scratch.Gradients, 1, line, shape.Of(_queries, head, n) + first, row, null, shape.Of(_dKeys, head, n), row, end,
            queries, row, true);
        MatMul.Run(scratch.Weights, 1, line, shape.Of(_outputs, head, n) + first, row, null, shape.Of(_dValues, head, n), row, end,
            queries, row, true);
    }

    /// <summary>Writes the sequence's gradients. Shape of each [n, d].</summary>
    public void Write(float* dQueries, float* dKeys, float* dValues, int n)
    {
        shape.Join(_dQueries, dQueries, shape.Width, n);
        shape.Join(_dKeys, dKeys, shape.Width, n);
        shape.Join(_dValues, dValues, shape.Width, n);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AlignedBuffer buffer in new[] { _queries, _keys, _outputs, _dQueries, _dKeys, _dValues, _values })
        {
            buffer.Dispose();
        }
    }
}
