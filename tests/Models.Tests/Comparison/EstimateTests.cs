using Foretell.Models.Comparison;

namespace Foretell.Models.Tests.Comparison;

public class EstimateTests
{
    [Fact]
    public void Of_WhenSeedsDiffer_GivesMeanAndStandardError()
    {
        // Deviations -3, -1, 1, 3: 20 / 3 is the sample variance, and a quarter of it that of the mean.
        Estimate estimate = Estimate.Of([1, 3, 5, 7]);
        Assert.Equal(4, estimate.Mean);
        Assert.Equal(Math.Sqrt(20 / 3.0 / 4), estimate.StandardError!.Value, 1e-12);
    }

    [Fact]
    public void Of_WhenThereIsOneSeed_HasNoStandardError() => Assert.Equal(new Estimate(2.5, null), Estimate.Of([2.5]));
}
