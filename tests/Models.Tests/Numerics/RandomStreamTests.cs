using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Tests.PointProcess;

namespace Foretell.Models.Tests.Numerics;

public class RandomStreamTests
{
    private const long Seed = 20_241;

    [Fact]
    public void NextUInt64_WhenSeedsAreKnown_GivesTheValuesOfTheReference()
    {
        // Computed once with arbitrary-precision integers; a change here changes every trained model.
        RandomStream random = new(1, 2, 3);
        Assert.Equal(0x214D4C07ECFEAAC5UL, random.NextUInt64());
        Assert.Equal(0x6FF419CB83DFE1E6UL, random.NextUInt64());
        RandomStream other = new(3, 2, 1);
        Assert.NotEqual(0x214D4C07ECFEAAC5UL, other.NextUInt64());
        // Without seeds this is the published generator from state 0.
        Assert.Equal(0xE220A8397B1DCDAFUL, new RandomStream().NextUInt64());
    }

    [Fact]
    public void NextDouble_WhenDrawnAMillionTimes_IsUniformInsideTheOpenInterval()
    {
        RandomStream random = new(Seed);
        double[] draws = new double[1_000_000];
        for (int i = 0; i < draws.Length; i++)
        {
            draws[i] = random.NextDouble();
        }
        Assert.All([draws.Min(), draws.Max()], x => Assert.InRange(x, double.Epsilon, 1 - 1e-16));
        Assert.True(Kolmogorov.Distance(draws, x => x) < Kolmogorov.Bound(draws.Length));
    }

    [Fact]
    public void NextNormal_WhenDrawnAMillionTimes_IsStandardNormal()
    {
        RandomStream random = new(Seed, 1);
        double[] draws = new double[1_000_000];
        for (int i = 0; i < draws.Length; i++)
        {
            draws[i] = random.NextNormal();
        }
        Assert.True(Kolmogorov.Distance(draws, Normal.Cdf) < Kolmogorov.Bound(draws.Length));
        // Neighbours come in pairs from one polar draw; they must not know of each other.
        double together = 0;
        for (int i = 0; i + 1 < draws.Length; i++)
        {
            together += draws[i] * draws[i + 1];
        }
        Assert.InRange(together / draws.Length, -0.004, 0.004);
    }

    [Fact]
    public void NextInt_WhenDrawnOften_HitsEveryValueEquallyOften()
    {
        RandomStream random = new(Seed, 2);
        int[] counts = new int[7];
        for (int i = 0; i < 700_000; i++)
        {
            counts[random.NextInt(7)]++;
        }
        Assert.All(counts, count => Assert.InRange(count, 98_500, 101_500));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt(0));
    }

    [Fact]
    public void Shuffle_WhenRepeatedWithItsSeed_GivesTheSamePermutation()
    {
        int[] first = [.. Enumerable.Range(0, 100)], second = [.. first], third = [.. first];
        new RandomStream(Seed, 3).Shuffle(first.AsSpan());
        new RandomStream(Seed, 3).Shuffle(second.AsSpan());
        new RandomStream(Seed, 4).Shuffle(third.AsSpan());
        Assert.Equal(first, second);
        Assert.NotEqual(first, third);
        Assert.Equal(Enumerable.Range(0, 100), first.Order());
    }
}
