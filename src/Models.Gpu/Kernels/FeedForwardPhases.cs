using Foretell.Models.Gpu.Arithmetic;

namespace Foretell.Models.Gpu.Kernels;

/// <summary>What a layer adds to the residual stream: its mixer's output, and W_2 silu(W_1 hidden + b_1) + b_2.</summary>
internal static class FeedForwardPhases
{
    /// <summary>x += mixer's output projected.</summary>
    public static void AddAttended(RowStep step, int layer, int lane)
    {
        LayerTable at = step.Layers[layer];
        AddProduct(step, step.Attended, step.Network.MixerColumns, at.OutputWeight, at.OutputBias, lane);
    }

    /// <summary>The inner columns: four a lane.</summary>
    public static void Widen(RowStep step, int layer, int lane)
    {
        int columns = 4 * step.Network.Width;
        LayerTable at = step.Layers[layer];
        for (int column = lane; column < columns; column += step.Network.Width)
        {
            step.Work[step.Inner + column] = Elementary.Silu(step.Project(at.InWeight, at.InBias, columns, column));
        }
    }

    /// <summary>x += inner columns projected.</summary>
    public static void AddInner(RowStep step, int layer, int lane)
    {
        LayerTable at = step.Layers[layer];
        AddProduct(step, step.Inner, 4 * step.Network.Width, at.OutWeight, at.OutBias, lane);
    }

    private static void AddProduct(RowStep step, int input, int inner, int weight, int bias, int lane)
    {
        int x = step.X + lane, d = step.Network.Width;
        // The bias goes in first, then the products one by one: MatMul's chain.
        float start = Real.Add(step.Work[x], step.Weights[bias + lane]);
        step.Work[x] = Sums.Product(step.Work, input, step.Weights, weight + lane, d, inner, start);
    }
}
