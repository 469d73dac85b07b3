using Foretell.Models.Gpu.Kernels;
using ILGPU;

namespace Foretell.Models.Gpu.Fused;

/// <summary>One of the kernels: the same bits, another shape.</summary>
/// <param name="Name">Its name in results.</param>
/// <param name="RowsAGroup">Rows that a group steps.</param>
/// <param name="Run">The kernel itself.</param>
internal sealed record FusedKernel(string Name, int RowsAGroup,
    Action<ArrayView<float>, ArrayView<StepEvent>, ArrayView<float>, ArrayView<LayerTable>, ArrayView<float>, NetworkTable> Run)
{
    /// <summary>One row a group: the most groups, for small batches.</summary>
    public static readonly FusedKernel Row = new("row", 1, StepKernel.Run);

    /// <summary>Four rows a group, which read each weight once.</summary>
    public static readonly FusedKernel Tile = new("tile", TileProducts.Rows, TileKernel.Run);

    /// <summary>Both.</summary>
    public static readonly IReadOnlyList<FusedKernel> All = [Row, Tile];

    /// <summary>Groups of d threads for a batch, with their scratch space.</summary>
    public KernelConfig Config(int events, int width) => new((events + RowsAGroup - 1) / RowsAGroup, width,
        SharedMemoryConfig.RequestDynamic<float>(RowsAGroup * RowStep.WorkFloats(width)));
}
