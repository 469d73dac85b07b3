using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Kernels;
using Foretell.Models.Mixers;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Foretell.Models.Gpu.Tests;

/// <summary>The kernel's phases as plain loops, lane behind lane: much faster than ILGPU's CPU accelerator, of which only the
/// memory is used.</summary>
/// <param name="lastLaneFirst">Takes the lanes of each phase from the last to the first.</param>
/// <param name="tiled">Takes rows in tiles, as the kernel of four rows a group.</param>
internal sealed class PlainStep(FusedModel model, bool lastLaneFirst, bool tiled = false) : IDisposable
{
    private readonly Memory _memory = new(model);

    public void Step(float[] rows, StepInput[] inputs) => Step(rows, Array.ConvertAll(inputs, i => model.Event(i, i.Row)));

    public void Step(float[] rows, ReadOnlySpan<StepEvent> events)
    {
        using MemoryBuffer1D<float, Stride1D.Dense> slab = _memory.Accelerator.Allocate1D(rows);
        using MemoryBuffer1D<StepEvent, Stride1D.Dense> batch = _memory.Accelerator.Allocate1D(events.ToArray());
        for (int first = 0; first < events.Length; first += tiled ? TileProducts.Rows : 1)
        {
            RowStep step = _memory.Row(slab.View, events[first]);
            int start = first;
            EachLane((phase, lane) =>
            {
                if (tiled)
                {
                    TilePhases.Run(step, batch.View, start, phase, lane);
                }
                else
                {
                    StepPhases.Run(step, phase, lane);
                }
            });
        }
        slab.CopyToCPU(rows);
    }

    public void Dispose() => _memory.Dispose();

    private void EachLane(Action<int, int> run)
    {
        int width = model.Network.Width, phases = StepPhases.Count(model.Network);
        for (int phase = 0; phase < phases; phase++)
        {
            for (int i = 0; i < width; i++)
            {
                run(phase, lastLaneFirst ? width - 1 - i : i);
            }
        }
    }

    private sealed class Memory : IDisposable
    {
        private readonly Context _context = FusedContext.Create(builder => builder.CPU(new CPUDevice(2, 1, 1)));
        private readonly FusedModel _model;
        private readonly MemoryBuffer1D<float, Stride1D.Dense> _weights, _rates, _work;
        private readonly MemoryBuffer1D<LayerTable, Stride1D.Dense> _layers;

        public Memory(FusedModel model)
        {
            _model = model;
            Accelerator = _context.CreateCPUAccelerator(0);
            _weights = Accelerator.Allocate1D(model.Model.ParameterVector.ToArray());
            _rates = Accelerator.Allocate1D(model.Rates);
            _layers = Accelerator.Allocate1D(model.Layers);
            _work = Accelerator.Allocate1D<float>(TileKernel.WorkFloats(model.Network.Width));
        }

        public CPUAccelerator Accelerator { get; }

        public RowStep Row(ArrayView<float> rows, StepEvent stepEvent) => new()
        {
            Rows = rows,
            Weights = _weights.View,
            Layers = _layers.View,
            Rates = _rates.View,
            Work = _work.View,
            Network = _model.Network,
            Event = stepEvent,
        };

        public void Dispose()
        {
            _work.Dispose();
            _layers.Dispose();
            _rates.Dispose();
            _weights.Dispose();
            Accelerator.Dispose();
            _context.Dispose();
        }
    }
}
