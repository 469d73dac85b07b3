using ILGPU;

namespace Foretell.Models.Gpu.Kernels;

/// <summary>The step as a kernel: one event a group, one column a thread.</summary>
/// <remarks>Every thread rounds as the CPU's step does, so no group's size or order and no neighbour changes a row (law 5).</remarks>
internal static class StepKernel
{
    /// <summary>Advances rows. A grid of as many groups as events, groups of d threads, and
    /// <see cref="RowStep.WorkFloats"/> floats of dynamic shared memory.</summary>
    /// <param name="rows">State rows, changed. Shape [rows, RowFloats].</param>
    /// <param name="events">Events of distinct rows.</param>
    /// <param name="weights">Parameter vector.</param>
    /// <param name="layers">Shape [layers].</param>
    /// <param name="rates">Decay of the heads. Shape [layers, 2, 16].</param>
    public static void Run(ArrayView<float> rows, ArrayView<StepEvent> events, ArrayView<float> weights, ArrayView<LayerTable> layers,
        ArrayView<float> rates, NetworkTable network)
    {
        var step = new RowStep
        {
            Rows = rows,
            Weights = weights,
            Layers = layers,
            Rates = rates,
            Work = SharedMemory.GetDynamic<float>(),
            Network = network,
            Event = events[Grid.IdxX],
        };
        int phases = StepPhases.Count(network);
        for (int phase = 0; phase < phases; phase++)
        {
            StepPhases.Run(step, phase, Group.IdxX);
            Group.Barrier();
        }
    }
}
