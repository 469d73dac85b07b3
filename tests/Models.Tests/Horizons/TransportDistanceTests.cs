using Foretell.Models.Horizons;
using Foretell.Models.Numerics;

namespace Foretell.Models.Tests.Horizons;

public class TransportDistanceTests
{
    private const int Seed = 5;

    [Theory]
    [InlineData("", "", 1, 0)]
    [InlineData("", "a1 a2 b3", 0.5, 1.5)]
    [InlineData("a1 b2", "b2 a1", 1, 0)]
    // Moved by 0.3; of another mark it must go and come.
    [InlineData("a1", "a1.3", 1, 0.3)]
    [InlineData("a1", "b1", 1, 2)]
    // Further apart than both costs together.
    [InlineData("a0", "a5", 1, 2)]
    // At twice the cost either way is as good.
    [InlineData("a0", "a2", 1, 2)]
    // Nearest first would pair 3 with 2, and pay 1 + 2 + 2.
    [InlineData("a0 a3", "a2 a5", 2, 4)]
    [InlineData("a0 a1", "a1 a5", 1, 2)]
    // Ties: one of two equal events finds the other, one is deleted.
    [InlineData("a1 a1", "a1", 0.5, 0.5)]
    [InlineData("a1 a1", "a1 a1", 0.5, 0)]
    // Each mark by itself: 0.25 for a, one b and one c without a partner.
    [InlineData("a1 b2", "a1.25 c2", 1, 2.25)]
    public void Of_WhenEventsAreFew_IsTheCostByHand(string one, string other, double cost, double expected) =>
        Assert.Equal(expected, TransportDistance.Of(Events(one), Events(other), cost), 1e-12);

    [Fact]
    public void Of_WhenSetsAreRandom_IsAMetricAndTheLeastOfAllPairings()
    {
        var random = new RandomStream(Seed);
        for (int round = 0; round < 300; round++)
        {
            double cost = 0.2 + random.NextDouble();
            HorizonEvent[] a = Random(random), b = Random(random), c = Random(random);
            double ab = TransportDistance.Of(a, b, cost), bc = TransportDistance.Of(b, c, cost), ac = TransportDistance.Of(a, c, cost);

            Assert.Equal(0, TransportDistance.Of(a, a.Reverse(), cost));
            Assert.Equal(ab, TransportDistance.Of(b, a, cost), 1e-12);
            Assert.True(ac <= ab + bc + 1e-12, $"{ac} > {ab} + {bc}");
            Assert.Equal(Least(a, b, cost), ab, 1e-12);
        }
    }

    [Fact]
    public void Of_WhenInsertingIsFree_IsRefused() =>
        Assert.Contains("more than 0", Assert.Throws<ArgumentOutOfRangeException>(() => TransportDistance.Of([], [], 0)).Message);

    /// <summary>The least cost over all ways to pair events, tried one by one.</summary>
    private static double Least(HorizonEvent[] one, HorizonEvent[] other, double cost)
    {
        if (one.Length == 0)
        {
            return other.Length * cost;
        }
        double least = cost + Least(one[1..], other, cost);
        for (int j = 0; j < other.Length; j++)
        {
            if (other[j].Mark == one[0].Mark)
            {
                double moved = Math.Abs(other[j].Time - one[0].Time);
                least = Math.Min(least, moved + Least(one[1..], [.. other[..j], .. other[(j + 1)..]], cost));
            }
        }
        return least;
    }

    // Times of a coarse grid, so that ties and equal distances come up.
    private static HorizonEvent[] Random(RandomStream random) =>
        [.. Enumerable.Range(0, random.NextInt(5)).Select(_ => new HorizonEvent(random.NextInt(12) / 4.0, random.NextInt(2)))];

    private static HorizonEvent[] Events(string text) => HorizonText.Events(text);
}
