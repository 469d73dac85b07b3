using ILGPU;

namespace Foretell.Models.Gpu.Kernels;

/// <summary>The step's phases for a tile of rows: matrix products for all of them at once, the rest row by row.</summary>
internal static class TilePhases
{
    /// <summary>One lane's part of one phase.</summary>
    /// <param name="tile">What the rows share; scratch space row behind row, and no event.</param>
    /// <param name="first">The tile's first event; rows behind the last event are absent.</param>
    public static void Run(RowStep tile, ArrayView<StepEvent> events, int first, int phase, int lane)
    {
        int layer = StepPhases.Layer(phase), part = StepPhases.Part(phase);
        bool within = phase > 0 && layer < tile.Network.Layers, aaren = tile.Network.IsLinear == 0;
        if (within && part == StepPhases.AddAttended)
        {
            TileProducts.AddAttended(tile, layer, lane);
        }
        else if (within && part == StepPhases.Widen)
        {
            TileProducts.Widen(tile, layer, lane);
        }
        else if (within && part == StepPhases.AddInner)
        {
            TileProducts.AddInner(tile, layer, lane);
        }
        else
        {
            bool folds = within && aaren && part == StepPhases.Fold;
            if (folds)
            {
                TileProducts.Values(tile, layer, lane);
            }
            int pitch = RowStep.WorkFloats(tile.Network.Width), present = (int)events.Length - first;
            for (int i = 0; i < TileProducts.Rows && i < present; i++)
            {
                RowStep row = tile;
                row.Event = events[first + i];
                row.Work = tile.Work.SubView(i * pitch, pitch);
                if (folds)
                {
                    AarenPhases.Fold(row, layer, lane);
                }
                else
                {
                    StepPhases.Run(row, phase, lane);
                }
            }
        }
    }
}
