using Foretell.Models.Numerics;
using Foretell.Models.Scoring;

namespace Foretell.Models.Tests.Scoring;

public class PitTallyTests
{
    private const int Seed = 92;

    [Fact]
    public void Distance_WhenGapsShareTicks_DoesNotSeeTheTicks()
    {
        // Ten ticks of probability 0.1 each, each as frequent as it should be.
        var pit = new PitTally();
        for (int i = 0; i < 1000; i++)
        {
            pit.Add(i % 10 / 10.0, (i % 10 + 1) / 10.0);
        }
        Assert.Equal(0, pit.Distance(), 1e-12);
        Assert.All(pit.Histogram(100), count => Assert.Equal(10, count));
    }

    [Fact]
    public void Distance_WhenTransformsArePoints_IsKolmogorovs()
    {
        var random = new RandomStream(Seed);
        double[] points = [.. Enumerable.Range(0, 500).Select(_ => Math.Sqrt(random.NextDouble())).Order()];
        var pit = new PitTally();
        foreach (double point in points)
        {
            pit.Add(point, point);
        }
        double expected = points.Select((u, i) => Math.Max((i + 1) / 500.0 - u, u - i / 500.0)).Max();
        Assert.Equal(expected, pit.Distance(), 1e-12);
        Assert.Equal(500, pit.Histogram(100).Sum());
    }
}
