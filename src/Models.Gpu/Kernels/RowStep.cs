using ILGPU;

namespace Foretell.Models.Gpu.Kernels;

/// <summary>What one event's step works on: the slab, the model, and the scratch space of its group.</summary>
/// <remarks>
/// d lanes work on one row, and each phase of the step is a function of this and of a lane. Within a phase no lane reads what
/// another writes, so lanes may run side by side, with a barrier behind each phase, or one after the other in a loop.
/// </remarks>
internal struct RowStep
{
    /// <summary>State rows. Shape [rows, RowFloats].</summary>
    public ArrayView<float> Rows;

    /// <summary>Parameter vector.</summary>
    public ArrayView<float> Weights;

    /// <summary>Tensors of the layers. Shape [layers].</summary>
    public ArrayView<LayerTable> Layers;

    /// <summary>Decay of the heads: per unit of time, then per event. Shape [layers, 2, 16].</summary>
    public ArrayView<float> Rates;

    /// <summary>Scratch space. Shape [<see cref="WorkFloats"/>].</summary>
    public ArrayView<float> Work;

    /// <summary>Sizes and places.</summary>
    public NetworkTable Network;

    /// <summary>The event.</summary>
    public StepEvent Event;

    /// <summary>The residual stream in <see cref="Work"/>. Shape [d].</summary>
    public readonly int X => 0;

    /// <summary>A normalised input. Shape [d].</summary>
    public readonly int Hidden => Network.Width;

    /// <summary>A mixer's output: values [d], log-masses [16].</summary>
    public readonly int Attended => 2 * Network.Width;

    /// <summary>What a phase hands to the next within a mixer, and the feed-forward's inner columns. Shape [4d].</summary>
    public readonly int Inner => 3 * Network.Width + 16;

    /// <summary>Partial sums of the normalisation. Shape [16].</summary>
    public readonly int Sums => 7 * Network.Width + 16;

    /// <summary>Partial sums of squares of the normalisation. Shape [16].</summary>
    public readonly int Squares => 7 * Network.Width + 32;

    /// <summary>Floats of scratch space.</summary>
    public static int WorkFloats(int width) => 7 * width + 48;

    /// <summary>Where a layer's share begins in the slab.</summary>
    public readonly long State(int layer) => (long)Event.Row * Network.RowFloats + (long)layer * Network.LayerFloats;

    /// <summary>What a head's older scores lose between the stream's previous event and this one.</summary>
    public readonly float Fade(int layer, int head)
    {
        int rates = 32 * layer + head;
        return Event.IsFirst != 0 ? 0f : Arithmetic.Real.MultiplyAdd(Rates[rates], Event.Gap, Rates[rates + 16]);
    }

    /// <summary>One column of a projection of the normalised input.</summary>
    public readonly float Project(int weight, int bias, int stride, int column) => Arithmetic.Sums.Product(
        Work, Hidden, Weights, weight + column, stride, Network.Width, Weights[bias + column]);
}
