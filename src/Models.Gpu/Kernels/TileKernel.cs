using ILGPU;

namespace Foretell.Models.Gpu.Kernels;

/// <summary>The step as a kernel whose groups step four events each and share the loads of the weights.</summary>
/// <remarks>The same phases as <see cref="StepKernel"/>'s and the same bits. It reads a quarter of the weights and has a quarter of the
/// groups: which of the two is faster, and from which batch on, a GPU has to say.</remarks>
internal static class TileKernel
{
    /// <summary>Groups for a batch.</summary>
    public static int Groups(int events) => (events + TileProducts.Rows - 1) / TileProducts.Rows;

    /// <summary>Floats of a group's scratch space.</summary>
    public static int WorkFloats(int width) => TileProducts.Rows * RowStep.WorkFloats(width);

    /// <summary>Advances rows. A grid of <see cref="Groups"/>, groups of d threads, and <see cref="WorkFloats"/> floats of dynamic
    /// shared memory.</summary>
    /// <param name="rows">State rows, changed. Shape [rows, RowFloats].</param>
    /// <param name="events">Events of distinct rows.</param>
    /// <param name="weights">Parameter vector.</param>
    /// <param name="layers">Shape [layers].</param>
    /// <param name="rates">Decay of the heads. Shape [layers, 2, 16].</param>
    public static void Run(ArrayView<float> rows, ArrayView<StepEvent> events, ArrayView<float> weights, ArrayView<LayerTable> layers,
        ArrayView<float> rates, NetworkTable network)
    {
        var tile = new RowStep
        {
            Rows = rows,
            Weights = weights,
            Layers = layers,
            Rates = rates,
            Work = SharedMemory.GetDynamic<float>(),
            Network = network,
        };
        int phases = StepPhases.Count(network);
        for (int phase = 0; phase < phases; phase++)
        {
            TilePhases.Run(tile, events, Grid.IdxX * TileProducts.Rows, phase, Group.IdxX);
            Group.Barrier();
        }
    }
}
