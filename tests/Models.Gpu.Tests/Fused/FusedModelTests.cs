using Foretell.Backends.Contract;
using Foretell.Models.Configuration;
using Foretell.Models.Gpu.Fused;
using Foretell.Models.Network;

namespace Foretell.Models.Gpu.Tests.Fused;

public class FusedModelTests
{
    [Theory]
    [InlineData("softmax", 0)]
    [InlineData("tova", 12)]
    [InlineData("window+2", 12)]
    [InlineData("h2o", 12)]
    public void Constructor_WhenTheKernelLacksTheMixer_NamesIt(string mixer, int states)
    {
        ForecastModel model = ForecastModel.Untrained(new ModelConfig { Mixer = mixer, States = states, Marks = ["a"] },
            RandomModels.WeightsSeed);

        NotSupportedException e = Assert.Throws<NotSupportedException>(() => new FusedModel(model));

        Assert.Contains($"got {mixer}.", e.Message);
    }

    [Fact]
    public void Constructor_WhenTheModelForecastsValues_SaysWhoStepsIt()
    {
        var config = new ModelConfig { Values = [new ValueScale("a", 0, 1), new ValueScale("b", 0, 1)], ForecastsValues = true };
        ForecastModel model = ForecastModel.Untrained(config, RandomModels.WeightsSeed);

        NotSupportedException e = Assert.Throws<NotSupportedException>(() => new FusedModel(model));

        Assert.Contains("this model reads 2 values, too. Step this model on the CPU", e.Message);
    }
}
