using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Queue;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Microsoft.Extensions.Time.Testing;

namespace Foretell.Models.Gpu.Tests.Queue;

/// <summary>The measuring on a clock that only the device moves: the CPU takes no time on it.</summary>
public class DeviceProbeTests
{
    private readonly ForecastModel _model = RandomModels.Create(width: 16, heads: 2, layers: 1);
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Measure_WhenTheDeviceIsAlwaysSlower_SendsNothingThere()
    {
        using FusedDevice device = Open(TimeSpan.FromMilliseconds(1));

        Assert.Equal((int.MaxValue, 1), (device.Report().LeastWave, device.Report().Speedup));
    }

    [Fact]
    public void Measure_WhenTheDeviceTakesNoTime_SendsEveryWaveThere()
    {
        using FusedDevice device = Open(TimeSpan.Zero);

        Assert.Equal(1, device.Report().LeastWave);
    }

    [Fact]
    public void Measure_WhenTheDeviceIsHopeless_StopsAtTheFirstBatch()
    {
        var accelerator = new TestAccelerator(new FusedModel(_model)) { OnBatch = Take(TimeSpan.FromSeconds(1)) };

        using FusedDevice device = Open(accelerator);

        // Four batches to compare, three to measure a wave of one.
        Assert.Equal(7, accelerator.Batches.Length);
        Assert.Equal(int.MaxValue, device.Report().LeastWave);
    }

    [Fact]
    public void Report_TellsTheTimeThatTheDeviceHadBatches()
    {
        var accelerator = new TestAccelerator(new FusedModel(_model)) { OnBatch = Take(TimeSpan.FromSeconds(2)) };
        using FusedDevice device = Open(accelerator, leastWave: 1);
        DeviceReport before = device.Report();
        using IStateBackend backend = device.OpenBackend();
        backend.EnsureCapacity(2);

        backend.Step([new StepInput(0, 0, 0, 0), new StepInput(1, 0, 0, 0)]);
        backend.Step([new StepInput(0, 0, 1, 1)]);

        DeviceReport after = device.Report();
        Assert.Equal((2, 3, TimeSpan.FromSeconds(4)),
            (after.Batches - before.Batches, after.DeviceEvents - before.DeviceEvents, after.Busy - before.Busy));
    }

    private FusedDevice Open(TimeSpan batch) => Open(new TestAccelerator(new FusedModel(_model)) { OnBatch = Take(batch) });

    private FusedDevice Open(TestAccelerator accelerator, int? leastWave = null) =>
        new(new FusedModel(_model), accelerator,
            new DeviceOptions { LeastWave = leastWave, Capacity = 64, ComparedRows = 4, Time = _time });

    private Action<int, float[], Action> Take(TimeSpan batch) => (_, _, step) =>
    {
        step();
        _time.Advance(batch);
    };
}
