using Foretell.Models.Gpu.Fused;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace Foretell.Models.Gpu.Tests.Fused;

/// <summary>The kernel with its groups and barriers, on ILGPU's CPU accelerator. It starts a thread a lane, so runs are tiny.</summary>
public class FusedStepTests
{
    private const int StreamsSeed = 63, Streams = 3;

    [Theory]
    [InlineData("aaren", true)]
    [InlineData("aaren", false)]
    [InlineData("linear", true)]
    public void Step_WhenRunInGroups_GivesTheBitsOfTheCpu(string mixer, bool decay)
    {
        ForecastModel model = RandomModels.Create(mixer, decay, width: 16, heads: 2);
        var random = new RandomStreams(model, Streams, StreamsSeed);
        float[] rows = random.Rows();
        using var cpu = new CpuRows(model, rows);
        using Context context = Groups(16);
        using CPUAccelerator accelerator = context.CreateCPUAccelerator(0);
        using var step = new FusedStep(new FusedModel(model), accelerator);
        for (int i = 0; i < 3; i++)
        {
            StepInput[] batch = random.Batch();

            cpu.Step(batch);
            step.Step(rows, random.Shuffled(batch));

            cpu.AssertSame(rows, batch);
        }
    }

    [Fact]
    public void Step_WhenAnEventIsRefused_ChangesNoRow()
    {
        ForecastModel model = RandomModels.Create(width: 16, heads: 2);
        float[] rows = new RandomStreams(model, Streams, StreamsSeed).Rows(), before = [.. rows];
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

    private static Context Groups(int threads) => FusedContext.Create(builder => builder.CPU(new CPUDevice(threads, 1, 1)));
}
