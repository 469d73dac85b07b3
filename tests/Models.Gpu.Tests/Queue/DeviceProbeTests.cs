using Foretell.Backends.Contract;
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
    public void Measure_WhenTheLimitIsGiven_MeasuresAllTheSame()
    {
        using FusedDevice device = Open(new TestAccelerator(new FusedModel(_model)), leastWave: 7);

        Assert.Equal(7, device.Report().LeastWave);
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

    [Theory]
    [InlineData(new[] { 5, 5, 5, 5 }, new[] { 1, 2, 4, 8 }, 8)]
    [InlineData(new[] { 3, 3, 9, 3 }, new[] { 1, 2, 4, 8 }, 8)]
    [InlineData(new[] { 1, 3, 3, 3 }, new[] { 1, 2, 4, 8 }, 4)]
    [InlineData(new[] { 1, 1, 1, 1 }, new[] { 1, 2, 4, 8 }, 1)]
    [InlineData(new[] { 1, 1, 1, 9 }, new[] { 1, 2, 4, 8 }, int.MaxValue)]
    public void LeastWave_OfTimes_IsWhereTheDeviceIsAsFastFromThenOn(int[] device, int[] cpu, int expected) => Assert.Equal(expected,
        DeviceProbe.LeastWave([.. device.Zip(cpu).Select((t, i) => (1 << i, TimeSpan.FromTicks(t.First), TimeSpan.FromTicks(t.Second)))]));

    [Theory]
    // A step of 2 us beside 0.6 us of scores and 0.3 us of copies, by threads side by side: the host is what limits.
    [InlineData(2e-6, 0.6e-6, 0.3e-6, 1e-8, 1, 2.828)]
    [InlineData(2e-6, 0.6e-6, 0.3e-6, 1e-8, 32, 2.828)]
    [InlineData(12e-6, 0.8e-6, 1.1e-6, 1e-8, 16, 8)]
    // The device is what limits.
    [InlineData(2e-6, 0.6e-6, 0.3e-6, 1e-6, 8, 1)]
    [InlineData(12e-6, 0.8e-6, 1.1e-6, 4e-7, 8, 4)]
    // Nothing can be said of times that a clock does not show.
    [InlineData(0, 0, 0, 0, 8, 1)]
    public void Speedup_OfTimes_IsInStepsThatNoiseSeldomCrosses(double step, double score, double onHost, double onDevice, int threads,
        double expected) => Assert.Equal(expected, DeviceProbe.Speedup(step, score, onHost, onDevice, threads), 0.001);

    [Fact]
    public void Report_TellsTheTimeThatTheDeviceHadBatches()
    {
        var accelerator = new TestAccelerator(new FusedModel(_model)) { OnBatch = Take(TimeSpan.FromSeconds(2)) };
        using FusedDevice device = Open(accelerator, leastWave: 1);
        Assert.Equal((0, 0, 0, TimeSpan.Zero), Counts(device.Report()));
        using IStateBackend backend = device.OpenBackend();
        backend.EnsureCapacity(2);

        backend.Step([new StepInput(0, 0, 0, 0), new StepInput(1, 0, 0, 0)]);
        backend.Step([new StepInput(0, 0, 1, 1)]);

        Assert.Equal((2, 3, 0, TimeSpan.FromSeconds(4)), Counts(device.Report()));
    }

    private static (long, long, long, TimeSpan) Counts(DeviceReport report) =>
        (report.Batches, report.DeviceEvents, report.CpuEvents, report.Busy);

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
