using Foretell.Backends.Contract;
using Foretell.Models.Gpu.Tests.Queue;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu.Tests;

public class StepDevicesTests
{
    private static readonly ForecastModel s_model = RandomModels.Create(width: 16, heads: 2, layers: 1);

    [Theory]
    [InlineData("auto", true)]
    [InlineData("cpu", true)]
    [InlineData("cuda", true)]
    [InlineData("cuda:0", true)]
    [InlineData("cuda:12", true)]
    [InlineData("emulated", true)]
    [InlineData("cuda:", false)]
    [InlineData("cuda:-1", false)]
    [InlineData("cuda:x", false)]
    [InlineData("gpu", false)]
    [InlineData("CUDA", false)]
    [InlineData("", false)]
    public void IsName_OfAName_KnowsIt(string name, bool known) => Assert.Equal(known, StepDevices.IsName(name));

    [Fact]
    public void Open_OfNoName_SaysWhichThereAre() => Assert.Contains("auto, cpu, cuda, cuda:N",
        Assert.Throws<ArgumentException>(() => StepDevices.Open("gpu", s_model, new DeviceOptions(), out _)).Message);

    [Theory]
    [InlineData("cuda")]
    [InlineData("cuda:99")]
    public void Open_OfAGpuThatIsNotThere_SaysSo(string name)
    {
        string missing = HasGpu ? "cuda:99" : name;
        DeviceUnavailableException e =
            Assert.Throws<DeviceUnavailableException>(() => StepDevices.Open(missing, s_model, new DeviceOptions(), out _));

        Assert.Contains(HasGpu ? "numbered from 0" : "There is no GPU here that CUDA's driver knows: libcuda.so.1", e.Message);
    }

    [Fact]
    public void Open_OfAutoWithoutAGpu_TakesTheCpuAndSaysWhy()
    {
        Assert.SkipWhen(HasGpu, "There is a GPU.");
        using IStepDevice device = StepDevices.Open("auto", s_model, new DeviceOptions(), out DeviceRemark? remark);

        Assert.Equal(("cpu", 256), (device.Report().Name, device.SliceRecords));
        Assert.True(remark is { IsExpected: true } && remark.Text.Contains("There is no GPU here", StringComparison.Ordinal), remark?.ToString());
    }

    [Fact]
    public void Open_OfAMixerThatHasNoKernel_SaysWhereItRuns()
    {
        ForecastModel softmax = RandomModels.Create("softmax", width: 16, heads: 2);

        Assert.Contains("got softmax. Step this model on the CPU",
            Assert.Throws<DeviceUnavailableException>(() => StepDevices.Open("cuda", softmax, new DeviceOptions(), out _)).Message);
        using IStepDevice device = StepDevices.Open("auto", softmax, new DeviceOptions(), out DeviceRemark? remark);
        Assert.IsType<CpuDevice>(device);
        Assert.True(remark is { IsExpected: true } && remark.Text.Contains("mixers aaren and linear", StringComparison.Ordinal), remark?.ToString());
    }

    [Fact]
    public void Open_OfTheEmulation_RunsTheKernelItselfWithTheBitsOfTheCpu()
    {
        using IStepDevice device = StepDevices.Open("emulated", s_model, new DeviceOptions { LeastWave = 1 }, out _);
        using IStateBackend backend = device.OpenBackend();
        using CpuStateBackend cpu = new(s_model);
        backend.EnsureCapacity(3);
        cpu.EnsureCapacity(3);

        foreach (IStateBackend each in new[] { backend, cpu })
        {
            each.Step([new StepInput(0, 0, 0, 0), new StepInput(1, 1, 0, 0), new StepInput(2, 3, 0, 0)]);
            each.Step([new StepInput(2, 0, 0.5, 1), new StepInput(0, 1, 3, 1)]);
        }

        DeviceStateBackendTests.AssertSame(cpu, backend, s_model);
        Assert.True(device.Report() is { Name: "emulated", Problem: null, CpuEvents: 0, MemoryBytes: > 0 }, device.Report().ToString());
    }

    [Fact]
    public void Open_OfADeviceThatIsSlowerForEveryBatch_TakesTheCpuAndSaysSo()
    {
        using IStepDevice device = StepDevices.Open("emulated", s_model, new DeviceOptions(), out DeviceRemark? remark);

        Assert.IsType<CpuDevice>(device);
        Assert.Equal(new DeviceRemark("emulated takes longer than the CPU for every batch that fits, as measured just now.", false), remark);
    }

    private static bool HasGpu => File.Exists("/dev/nvidia0");
}
