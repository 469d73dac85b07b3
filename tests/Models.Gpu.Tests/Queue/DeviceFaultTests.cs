using Foretell.Backends.Contract;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Queue;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu.Tests.Queue;

/// <summary>Whatever becomes of the device: no row half written, nothing lost, and the CPU goes on.</summary>
public class DeviceFaultTests
{
    private const int StreamsSeed = 71, Streams = 30;

    private readonly ForecastModel _model = RandomModels.Create(width: 16, heads: 2, layers: 1);
    private readonly List<string> _told = [];

    [Fact]
    public void ScoreAndStep_WhenTheDeviceThrowsInTheMiddleOfABatch_GoesOnOnTheCpu()
    {
        var accelerator = new TestAccelerator(new FusedModel(_model));
        using FusedDevice device = Open(accelerator);

        Run(device, afterTwoBatches: () => accelerator.OnBatch = (events, rows, step) =>
        {
            step();
            // Half the rows are back when the device fails.
            rows.AsSpan(0, events * _model.StateFloats / 2).Fill(float.NaN);
            throw new InvalidOperationException("an illegal memory access was encountered");
        });

        Assert.Equal("the tests' device is not used any more: an illegal memory access was encountered. The CPU steps from here on, "
            + "with the same bits and nothing lost; restart the process to try the device again.", Assert.Single(_told));
        Assert.Equal((_told[0], 1, 256), (device.Report().Problem, device.Report().Speedup, device.SliceRecords));
    }

    [Fact]
    public void ScoreAndStep_WhenTheDeviceDoesNotAnswer_GoesOnOnTheCpuAndTakesNothingFromItLater()
    {
        using var release = new ManualResetEventSlim();
        var accelerator = new TestAccelerator(new FusedModel(_model));
        using (FusedDevice device = Open(accelerator, TimeSpan.FromSeconds(0.5)))
        {
            Run(device, afterTwoBatches: () => accelerator.OnBatch = (events, rows, step) =>
            {
                release.Wait();
                rows.AsSpan().Fill(float.NaN);
            });
            Assert.Contains("a batch was not back after 0.5 s", Assert.Single(_told));
            release.Set();
        }
        Assert.Equal(0, accelerator.OpenLanes);
    }

    [Fact]
    public void Dispose_WhenTheDeviceNeverAnswers_LeavesItsMemoryAlone()
    {
        using var never = new ManualResetEventSlim();
        var accelerator = new TestAccelerator(new FusedModel(_model));
        using (FusedDevice device = Open(accelerator, TimeSpan.FromSeconds(0.5)))
        {
            accelerator.OnBatch = (_, _, _) => never.Wait();
            using IStateBackend backend = device.OpenBackend();
            backend.EnsureCapacity(1);
            backend.Step([new StepInput(0, 0, 0, 0)]);
        }
        Assert.Equal((3, false), (accelerator.OpenLanes, accelerator.IsDisposed));
        never.Set();
    }

    [Fact]
    public async Task ScoreAndStep_WhenBatchesAheadAreSlow_WaitsForThem()
    {
        // Each is back within the patience, and the last of three only after twice as long.
        var accelerator = new TestAccelerator(new FusedModel(_model));
        using FusedDevice device = Open(accelerator, TimeSpan.FromSeconds(1));
        accelerator.OnBatch = (_, _, step) =>
        {
            Thread.Sleep(700);
            step();
        };

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() =>
        {
            using IStateBackend backend = device.OpenBackend();
            backend.EnsureCapacity(40);
            backend.Step([.. Enumerable.Range(0, 40).Select(row => new StepInput(row, 0, 0, 0))]);
        }, TaskCreationOptions.LongRunning)));

        Assert.Equal((null, 4L), (device.Report().Problem, device.Report().Batches));
    }

    [Fact]
    public void ScoreAndStep_WhenNobodyCanBeTold_GoesOnAllTheSame()
    {
        var accelerator = new TestAccelerator(new FusedModel(_model));
        using var device = new FusedDevice(new FusedModel(_model), accelerator, new DeviceOptions
        {
            LeastWave = 1, Capacity = 64, Retired = _ => throw new InvalidOperationException("no log"),
        });

        Run(device, afterTwoBatches: () => accelerator.OnBatch = (_, _, _) => throw new InvalidOperationException("gone"));

        Assert.Contains("gone", device.Report().Problem);
    }

    [Fact]
    public void Open_WhenTheDeviceFailsAndCannotEvenBeFreed_SaysWhatFailedFirst()
    {
        var accelerator = new TestAccelerator(new FusedModel(_model))
        {
            OnBatch = (_, _, _) => throw new InvalidOperationException("an illegal memory access was encountered"),
            CannotBeFreed = true,
        };

        DeviceUnavailableException e = Assert.Throws<DeviceUnavailableException>(
            () => new FusedDevice(new FusedModel(_model), accelerator, new DeviceOptions { LeastWave = 1, Capacity = 64 }));

        Assert.Contains("an illegal memory access was encountered", e.Message);
    }

    [Fact]
    public void Dispose_WhenTheDeviceCannotBeFreed_IsQuiet()
    {
        var accelerator = new TestAccelerator(new FusedModel(_model));
        FusedDevice device = Open(accelerator);
        accelerator.CannotBeFreed = true;

        device.Dispose();

        Assert.Equal((0, true), (accelerator.OpenLanes, accelerator.IsDisposed));
    }

    [Fact]
    public void Open_WhenTheDeviceHasLittleMemory_TakesSmallerBatches()
    {
        var accelerator = new TestAccelerator(new FusedModel(_model)) { Room = 300 };
        using var device = new FusedDevice(new FusedModel(_model), accelerator, new DeviceOptions { LeastWave = 1, Capacity = 1024 });

        Run(device, () => { });

        Assert.Equal((3L * 256 * _model.StateBytes, 3), (device.Report().MemoryBytes, accelerator.OpenLanes));
    }

    [Fact]
    public void Open_WhenTheDeviceHasNoMemory_SaysSoAndGivesItBack()
    {
        var accelerator = new TestAccelerator(new FusedModel(_model)) { Room = 10 };

        DeviceUnavailableException e = Assert.Throws<DeviceUnavailableException>(
            () => new FusedDevice(new FusedModel(_model), accelerator, new DeviceOptions { LeastWave = 1, Capacity = 1024 }));

        Assert.Equal("the tests' device cannot be used: it has no room for batches of 64 events (out of memory).", e.Message);
        Assert.Equal((0, true), (accelerator.OpenLanes, accelerator.IsDisposed));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(37)]
    public void Open_WhenTheDeviceRoundsOtherwise_RefusesIt(int where)
    {
        var accelerator = new TestAccelerator(new FusedModel(_model))
        {
            OnBatch = (events, rows, step) =>
            {
                step();
                rows[where] = MathF.BitIncrement(rows[where]);
            },
        };

        DeviceUnavailableException e = Assert.Throws<DeviceUnavailableException>(
            () => new FusedDevice(new FusedModel(_model), accelerator, new DeviceOptions { LeastWave = 1, Capacity = 64 }));

        Assert.Contains("cannot be used: it gives other bits than the CPU", e.Message);
        Assert.Equal((0, true), (accelerator.OpenLanes, accelerator.IsDisposed));
    }

    [Fact]
    public void Open_WhenTheDeviceFailsAtOnce_SaysWhy()
    {
        var accelerator = new TestAccelerator(new FusedModel(_model)) { OnBatch = (_, _, _) => throw new InvalidOperationException("no kernel image.") };

        DeviceUnavailableException e = Assert.Throws<DeviceUnavailableException>(
            () => new FusedDevice(new FusedModel(_model), accelerator, new DeviceOptions { LeastWave = 1, Capacity = 64 }));

        Assert.Contains("no kernel image", e.Message);
    }

    private FusedDevice Open(TestAccelerator accelerator, TimeSpan? patience = null) =>
        new(new FusedModel(_model), accelerator, new DeviceOptions
        {
            LeastWave = 1, Capacity = 64, Patience = patience ?? TimeSpan.FromSeconds(30), Retired = sentence =>
            {
                lock (_told)
                {
                    _told.Add(sentence);
                }
            },
        });

    /// <summary>Three shards at work while something happens to the device; every row must be the CPU's in the end.</summary>
    private void Run(FusedDevice device, Action afterTwoBatches)
    {
        using var twice = new CountdownEvent(3);
        Parallel.For(0, 3, new ParallelOptions { MaxDegreeOfParallelism = 3 }, shard =>
        {
            var random = new RandomStreams(_model, Streams, StreamsSeed + shard);
            float[] rows = random.Slab();
            using IStateBackend backend = device.OpenBackend();
            using CpuStateBackend cpu = new(_model);
            DeviceStateBackendTests.Fill(backend, rows, _model);
            DeviceStateBackendTests.Fill(cpu, rows, _model);
            for (int i = 0; i < 12; i++)
            {
                StepInput[] batch = random.Some();
                StepScore[] expected = new StepScore[batch.Length], actual = new StepScore[batch.Length];
                cpu.ScoreAndStep(batch, expected);
                backend.ScoreAndStep(batch, actual);
                Assert.Equal(expected, actual);
                if (i == 2 && twice.Signal())
                {
                    afterTwoBatches();
                }
            }
            DeviceStateBackendTests.AssertSame(cpu, backend, _model);
        });
    }
}
