using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Kernels;
using Foretell.Models.Gpu.Queue;

namespace Foretell.Models.Gpu.Tests.Queue;

/// <summary>Steps by the kernel's phases as plain loops, after whatever a test wants to happen to a batch.</summary>
internal sealed class TestAccelerator(FusedModel model) : IAccelerator
{
    private readonly Lock _oneAtATime = new();
    private readonly List<int> _batches = [];

    /// <summary>Runs in place of the step: gets the events of the batch and its rows, and the true step.</summary>
    public Action<int, float[], Action> OnBatch { get; set; } = (_, _, step) => step();

    /// <summary>Events for which there is memory in a lane.</summary>
    public int Room { get; init; } = int.MaxValue;

    /// <summary>Events of every batch so far.</summary>
    public int[] Batches
    {
        get
        {
            lock (_batches)
            {
                return [.. _batches];
            }
        }
    }

    /// <summary>Lanes not given back.</summary>
    public int OpenLanes { get; private set; }

    public bool IsDisposed { get; private set; }

    /// <summary>Freeing throws, as CUDA does after a fault.</summary>
    public bool CannotBeFreed { get; set; }

    public string Name => "the tests' device";

    public IStepLane OpenLane(int capacity) =>
        capacity <= Room ? new Lane(this, capacity) : throw new InvalidOperationException("out of memory");

    public void Dispose()
    {
        IsDisposed = true;
        Refuse();
    }

    private void Refuse()
    {
        if (CannotBeFreed)
        {
            throw new InvalidOperationException("it cannot be freed");
        }
    }

    private sealed class Lane : IStepLane
    {
        private readonly TestAccelerator _device;
        private readonly FusedModel _model;
        private readonly PlainStep _step;
        private readonly float[] _rows;
        private readonly StepEvent[] _events;

        public Lane(TestAccelerator device, int capacity)
        {
            (_device, _model, _step) = (device, device.Model, new PlainStep(device.Model, lastLaneFirst: false));
            _rows = new float[capacity * _model.Network.RowFloats];
            _events = new StepEvent[capacity];
            device.OpenLanes++;
        }

        public long DeviceBytes => sizeof(float) * _rows.Length;

        public Span<float> Rows => _rows;

        public Span<StepEvent> Events => _events;

        public void Run(int events)
        {
            lock (_device._batches)
            {
                _device._batches.Add(events);
            }
            // A device does one thing at a time; what waits for it is copied in already.
            lock (_device._oneAtATime)
            {
                _device.OnBatch(events, _rows, () => _step.Step(_rows, _events[..events]));
            }
        }

        public void Dispose()
        {
            _step.Dispose();
            _device.OpenLanes--;
            _device.Refuse();
        }
    }

    private FusedModel Model => model;
}
