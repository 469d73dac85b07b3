using Foretell.Backends.Contract;
using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Foretell.Models.Torch.Stepping;
using Foretell.Models.Torch.Tests.Native;

namespace Foretell.Models.Torch.Tests.Stepping;

public class TorchStateBackendTests
{
    [Fact]
    public void Device_WhenItIsTheCpu_HasAnArithmeticOfItsOwn()
    {
        using var device = new TorchStepDevice(RandomModels.Create("aaren", decay: true), TestTorch.Cpu());
        using IStateBackend backend = device.OpenBackend();

        Assert.IsType<TorchStateBackend>(backend);
        Assert.Equal(("torch-cpu", "torch-cpu", 256), (device.Arithmetic, device.Report().Name, device.SliceRecords));
        Assert.NotEqual(StepArithmetic.Exact, device.Arithmetic);
    }

    [Theory]
    [InlineData("softmax", 0)]
    [InlineData("tova", 8)]
    public void Constructor_WhenTheMixersStateIsNoRunningAverage_SaysWhoStepsIt(string mixer, int states)
    {
        TorchDevice device = TestTorch.Cpu();
        ForecastModel model = ForecastModel.Untrained(new ModelConfig { Mixer = mixer, States = states }, RandomModels.WeightsSeed);

        string message = Assert.Throws<NotSupportedException>(() => new TorchStateBackend(model, device)).Message;

        Assert.Contains($"this one has {mixer}; the CPU steps it", message);
    }

    [Fact]
    public void Constructor_WhenTheModelForecastsValues_SaysWhoStepsIt()
    {
        TorchDevice device = TestTorch.Cpu();
        var config = new ModelConfig { Values = [new ValueScale("a", 0, 1)], ForecastsValues = true };
        ForecastModel model = ForecastModel.Untrained(config, RandomModels.WeightsSeed);

        string message = Assert.Throws<NotSupportedException>(() => new TorchStateBackend(model, device)).Message;

        Assert.Contains("this model reads 1 values, too. Step this model on the CPU", message);
    }
}
