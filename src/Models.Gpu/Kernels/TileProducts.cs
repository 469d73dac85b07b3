using Foretell.Models.Gpu.Arithmetic;
using ILGPU;

namespace Foretell.Models.Gpu.Kernels;

/// <summary>The matrix products of a step for four rows at once: each weight is loaded once for all of them.</summary>
/// <remarks>Each row's sum is the chain of <see cref="Sums.Product"/>, so it has the bits that a row alone gets. They read and write
/// scratch space only, so what lies there for a row that is absent does no harm.</remarks>
internal static class TileProducts
{
    /// <summary>Rows of a tile.</summary>
    public const int Rows = 4;

    /// <summary>Aaren's values into <see cref="RowStep.Inner"/>.</summary>
    public static void Values(RowStep first, int layer, int lane)
    {
        LayerTable at = first.Layers[layer];
        Four sum = Product(first, first.Hidden, at.ValueWeight + lane, first.Network.Width, first.Network.Width,
            Same(first.Weights[at.ValueBias + lane]));
        Write(first, first.Inner + lane, sum);
    }

    /// <summary>x += mixer's output projected.</summary>
    public static void AddAttended(RowStep first, int layer, int lane)
    {
        LayerTable at = first.Layers[layer];
        Add(first, first.Attended, first.Network.MixerColumns, at.OutputWeight, at.OutputBias, lane);
    }

    /// <summary>The feed-forward's inner columns: four a lane.</summary>
    public static void Widen(RowStep first, int layer, int lane)
    {
        int columns = 4 * first.Network.Width;
        LayerTable at = first.Layers[layer];
        for (int column = lane; column < columns; column += first.Network.Width)
        {
            Four sum = Product(first, first.Hidden, at.InWeight + column, columns, first.Network.Width,
                Same(first.Weights[at.InBias + column]));
            Write(first, first.Inner + column, new Four
            {
                A = Elementary.Silu(sum.A),
                B = Elementary.Silu(sum.B),
                C = Elementary.Silu(sum.C),
                D = Elementary.Silu(sum.D),
            });
        }
    }

    /// <summary>x += inner columns projected.</summary>
    public static void AddInner(RowStep first, int layer, int lane)
    {
        LayerTable at = first.Layers[layer];
        Add(first, first.Inner, 4 * first.Network.Width, at.OutWeight, at.OutBias, lane);
    }

    private static void Add(RowStep first, int input, int inner, int weight, int bias, int lane)
    {
        Four start = Read(first, first.X + lane);
        float added = first.Weights[bias + lane];
        // The bias goes in first, then the products one by one: MatMul's chain.
        start = new Four
        {
            A = Real.Add(start.A, added),
            B = Real.Add(start.B, added),
            C = Real.Add(start.C, added),
            D = Real.Add(start.D, added),
        };
        Write(first, first.X + lane, Product(first, input, weight + lane, first.Network.Width, inner, start));
    }

    private static Four Product(RowStep first, int input, int element, int stride, int inner, Four start)
    {
        Four sum = start;
        for (int k = 0; k < inner; k++)
        {
            sum = Four.MultiplyAdd(Read(first, input + k), first.Weights[element + k * stride], sum);
        }
        return sum;
    }

    private static Four Same(float x) => new() { A = x, B = x, C = x, D = x };

    private static Four Read(RowStep first, int index)
    {
        ArrayView<float> work = first.Work;
        int pitch = RowStep.WorkFloats(first.Network.Width);
        return new Four { A = work[index], B = work[index + pitch], C = work[index + 2 * pitch], D = work[index + 3 * pitch] };
    }

    private static void Write(RowStep first, int index, Four values)
    {
        ArrayView<float> work = first.Work;
        int pitch = RowStep.WorkFloats(first.Network.Width);
        work[index] = values.A;
        work[index + pitch] = values.B;
        work[index + 2 * pitch] = values.C;
        work[index + 3 * pitch] = values.D;
    }
}
