using Foretell.Backends.Contract;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Gpu.Queue;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu.Tests.Queue;

public class DeviceStateBackendTests
{
    private const int StreamsSeed = 67, Streams = 40;

    [Theory]
    [InlineData("aaren", true)]
    [InlineData("aaren", false)]
    [InlineData("linear", true)]
    public void ScoreAndStep_OfSeveralShardsAtOnce_GivesTheBitsAndScoresOfTheCpu(string mixer, bool decay)
    {
        ForecastModel model = RandomModels.Create(mixer, decay, width: 16, heads: 2, layers: 1, adapt: true);
        using var device = new FusedDevice(new FusedModel(model), new TestAccelerator(new FusedModel(model)),
            new DeviceOptions { LeastWave = 3, Capacity = 64 });

        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, shard =>
        {
            var random = new RandomStreams(model, Streams, StreamsSeed + shard);
            float[] rows = random.Slab();
            using IStateBackend backend = device.OpenBackend();
            using CpuStateBackend cpu = new(model);
            Fill(backend, rows, model);
            Fill(cpu, rows, model);
            for (int events = 0; events < 1000;)
            {
                StepInput[] batch = random.Some();
                StepScore[] expected = new StepScore[batch.Length], actual = new StepScore[batch.Length];

                cpu.ScoreAndStep(batch, expected);
                backend.ScoreAndStep(batch, actual);

                Assert.Equal(expected, actual);
                events += batch.Length;
            }
            AssertSame(cpu, backend, model);
        });

        DeviceReport report = device.Report();
        Assert.True(report is { Problem: null, DeviceEvents: > 2000, CpuEvents: > 0 }, report.ToString());
        Assert.Equal(report.DeviceEvents * (2 * sizeof(float) * model.State.StepFloats + 24), report.CopiedBytes);
    }

    [Fact]
    public void Step_OfAWaveLargerThanABatch_GoesThereInPieces()
    {
        ForecastModel model = RandomModels.Create(width: 16, heads: 2, layers: 1, adapt: true);
        var accelerator = new TestAccelerator(new FusedModel(model));
        using var device = new FusedDevice(new FusedModel(model), accelerator, new DeviceOptions { LeastWave = 1, Capacity = 64 });
        using IStateBackend backend = device.OpenBackend();
        using CpuStateBackend cpu = new(model);
        StepInput[] wave = [.. Enumerable.Range(0, 150).Select(row => new StepInput(row, row % 4, 0, 0))];
        backend.EnsureCapacity(150);
        cpu.EnsureCapacity(150);

        backend.Step(wave);
        cpu.Step(wave);

        AssertSame(cpu, backend, model);
        Assert.Equal([64, 64, 22], accelerator.Batches[^3..]);
    }

    [Fact]
    public void Step_OfASmallWave_StaysOnTheCpu()
    {
        ForecastModel model = RandomModels.Create(width: 16, heads: 2, layers: 1, adapt: true);
        var accelerator = new TestAccelerator(new FusedModel(model));
        using var device = new FusedDevice(new FusedModel(model), accelerator, new DeviceOptions { LeastWave = 3, Capacity = 64 });
        using IStateBackend backend = device.OpenBackend();
        backend.EnsureCapacity(3);
        int before = accelerator.Batches.Length;

        backend.Step([new StepInput(0, 0, 0, 0), new StepInput(1, 0, 0, 0)]);
        Assert.Equal((before, 2), (accelerator.Batches.Length, device.Report().CpuEvents));
        backend.Step([new StepInput(0, 0, 1, 1), new StepInput(1, 0, 1, 1), new StepInput(2, 0, 0, 0)]);
        Assert.Equal((before + 1, 2), (accelerator.Batches.Length, device.Report().CpuEvents));
    }

    [Fact]
    public void Step_WhenAnEventIsRefused_ReachesNoDeviceAndChangesNoRow()
    {
        ForecastModel model = RandomModels.Create(width: 16, heads: 2, layers: 1, adapt: true);
        var accelerator = new TestAccelerator(new FusedModel(model));
        using var device = new FusedDevice(new FusedModel(model), accelerator, new DeviceOptions { LeastWave = 1, Capacity = 64 });
        using IStateBackend backend = device.OpenBackend();
        using CpuStateBackend fresh = new(model);
        backend.EnsureCapacity(2);
        fresh.EnsureCapacity(2);
        int before = accelerator.Batches.Length;

        foreach (StepInput bad in new StepInput[] { new(-1, 0, 1, 0), new(1_000_000, 0, 1, 0), new(1, 4, 1, 0), new(1, 0, -1, 1),
            new(1, 0, double.NaN, 1), new(1, 0, 1, -1) })
        {
            Assert.Throws<ArgumentException>(() => backend.Step([new StepInput(0, 0, 1, 0), bad]));
            Assert.Throws<ArgumentException>(() => backend.ScoreAndStep([new StepInput(0, 0, 1, 0), bad], new StepScore[2]));
        }
        Assert.Throws<ArgumentException>(() => backend.ScoreAndStep([new StepInput(0, 0, 1, 0)], new StepScore[2]));

        AssertSame(fresh, backend, model);
        Assert.Equal(before, accelerator.Batches.Length);
    }

    internal static void Fill(IStateBackend backend, float[] rows, ForecastModel model)
    {
        int floats = model.StateFloats;
        backend.EnsureCapacity(rows.Length / floats);
        for (int row = 0; row < rows.Length / floats; row++)
        {
            backend.Write(row, rows.AsSpan(row * floats, floats));
        }
    }

    /// <summary>Holds every row to the CPU's, bit for bit.</summary>
    internal static void AssertSame(IStateBackend expected, IStateBackend actual, ForecastModel model)
    {
        float[] one = new float[model.StateFloats], other = new float[model.StateFloats];
        for (int row = 0; row < Math.Min(expected.Capacity, 200); row++)
        {
            expected.Read(row, one);
            actual.Read(row, other);
            Assert.Equal(one.Select(BitConverter.SingleToUInt32Bits), other.Select(BitConverter.SingleToUInt32Bits));
        }
    }
}
