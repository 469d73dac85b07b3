using Foretell.Backends.Contract;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace Foretell.Models.Gpu.Tests.Fused;

/// <summary>The kernel with its groups and barriers, on ILGPU's CPU accelerator. It starts a thread a lane, so runs are tiny.</summary>
public class FusedStepTests
{
    private const int StreamsSeed = 63, Streams = 4;

    [Theory]
    [InlineData("aaren", true)]
    [InlineData("aaren", false)]
    [InlineData("linear", true)]
    public void Step_WhenRunInGroups_GivesTheBitsOfTheCpu(string mixer, bool decay)
    {
        ForecastModel model = RandomModels.Create(mixer, decay, width: 16, heads: 2);
        var random = new RandomStreams(model, Streams, StreamsSeed);
        float[] rows = random.Slab();
        using var cpu = new CpuRows(model, rows);
        using Context context = Groups(16);
        using CPUAccelerator accelerator = context.CreateCPUAccelerator(0);
        using var step = new FusedStep(new FusedModel(model), accelerator);
        for (int i = 0; i < 3; i++)
        {
            StepInput[] batch = random.Some();

            cpu.Step(batch);
            step.Step(rows, random.Shuffled(batch));

            cpu.AssertSame(rows, batch);
        }
    }

    [Fact]
    public void Step_WhenAnEventIsRefused_ChangesNoRow()
    {
        ForecastModel model = RandomModels.Create(width: 16, heads: 2);
        float[] rows = new RandomStreams(model, Streams, StreamsSeed).Slab(), before = [.. rows];
        using Context context = Groups(16);
        using CPUAccelerator accelerator = context.CreateCPUAccelerator(0);
        using var step = new FusedStep(new FusedModel(model), accelerator);
        var good = new StepInput(0, 0, 1, 0);

        foreach (StepInput bad in new StepInput[] { new(Streams, 0, 1, 0), new(-1, 0, 1, 0), new(1, 4, 1, 0), new(1, 0, -1, 1),
            new(1, 0, double.NaN, 1), new(1, 0, 1, -1) })
        {
            Assert.Throws<ArgumentException>(() => step.Step(rows, [good, bad]));
        }
        Assert.Throws<ArgumentException>(() => step.Step(rows.AsSpan(1), [good]));

        Assert.Equal(before, rows);
    }

    [Fact]
    public void Constructor_WhenGroupsAreTooSmall_SaysWhatTheModelNeeds()
    {
        using Context context = Groups(16);
        using CPUAccelerator accelerator = context.CreateCPUAccelerator(0);

        ArgumentException e = Assert.Throws<ArgumentException>(() => new FusedStep(new FusedModel(RandomModels.Create()), accelerator));

        Assert.Contains("groups of 32 threads", e.Message);
    }

    [Fact]
    public void Constructor_WhenTheContextIsNotPrepared_Throws()
    {
        using var context = Context.Create(builder => builder.CPU(new CPUDevice(16, 1, 1)));
        using CPUAccelerator accelerator = context.CreateCPUAccelerator(0);
        var model = new FusedModel(RandomModels.Create(width: 16));

        Assert.Contains("FusedContext", Assert.Throws<ArgumentException>(() => new FusedStep(model, accelerator)).Message);
    }

    [Fact]
    public void Fastest_OfTheKernels_IsTheOneThatTakesLess()
    {
        var model = new FusedModel(RandomModels.Create(width: 16, heads: 2, layers: 1));
        using Context context = Groups(16);
        using CPUAccelerator accelerator = context.CreateCPUAccelerator(0);
        // The clock says what each run takes: five of the first kernel, five of the second.
        var scripted = new ScriptedTime([5, 4, 3, 4, 5, 9, 9, 2, 9, 9]);

        using (FusedStep step = FusedStep.Fastest(model, accelerator, 1, scripted))
        {
            Assert.Same(FusedKernel.Tile, step.Kernel);
        }
        using (FusedStep step = FusedStep.Fastest(model, accelerator, 1, new ScriptedTime([5, 4, 3, 4, 5, 9, 9, 4, 9, 9])))
        {
            Assert.Same(FusedKernel.Row, step.Kernel);
        }
    }

    [Theory]
    [InlineData("aaren")]
    [InlineData("linear")]
    public void Step_WithFourRowsAGroup_GivesTheBitsOfTheCpu(string mixer)
    {
        ForecastModel model = RandomModels.Create(mixer, width: 16, heads: 2, layers: 1);
        var random = new RandomStreams(model, 6, StreamsSeed);
        float[] rows = random.Slab();
        using var cpu = new CpuRows(model, rows);
        using Context context = Groups(16);
        using CPUAccelerator accelerator = context.CreateCPUAccelerator(0);
        using var step = new FusedStep(new FusedModel(model), accelerator, FusedKernel.Tile);
        for (int i = 0; i < 3; i++)
        {
            StepInput[] batch = random.Some();
            cpu.Step(batch);
            step.Step(rows, batch);
            cpu.AssertSame(rows, batch);
        }
    }

    /// <summary>A clock on which the i-th run takes what the script says.</summary>
    private sealed class ScriptedTime(long[] runs) : TimeProvider
    {
        private int _looks;
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ++_looks % 2 == 0 ? _now += runs[_looks / 2 - 1] : _now;
    }

    private static Context Groups(int threads) => FusedContext.Create(builder => builder.CPU(new CPUDevice(threads, 1, 1)));
}
