using Foretell.Models.Gpu;
using Foretell.Models.Gpu.Kernels;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Foretell.Bench.Gpu;

/// <summary>A kernel that is checked and timed.</summary>
/// <param name="Name">Its name in the results.</param>
/// <param name="RowsAGroup">Rows that a group steps.</param>
/// <param name="Ptx">Makes its PTX.</param>
/// <param name="Run">The kernel itself.</param>
internal sealed record BenchKernel(string Name, int RowsAGroup, Func<Context, CudaArchitecture, CudaInstructionSet, string> Ptx,
    Action<ArrayView<float>, ArrayView<StepEvent>, ArrayView<float>, ArrayView<LayerTable>, ArrayView<float>, NetworkTable> Run)
{
    /// <summary>The kernel of one row a group, and that of four.</summary>
    public static IReadOnlyList<BenchKernel> All { get; } =
        [new("row", 1, StepAssembly.Ptx, StepKernel.Run), new("tile", TileProducts.Rows, StepAssembly.TilePtx, TileKernel.Run)];
}
