using Foretell.Models.Horizons;
using Foretell.Models.Numerics;

namespace Foretell.Models.Tests.Horizons;

public class TemporalPrecisionTests
{
    private const int Seed = 6;

    [Theory]
    // Nothing predicted, nothing came, and both right.
    [InlineData("", "a1", 0)]
    [InlineData("a1", "", 0)]
    [InlineData("a1 b2", "b2 a1", 1)]
    // Delta, 0.5, still matches; what is beyond does not, and another mark does not.
    [InlineData("a1.5", "a1", 1)]
    [InlineData("a1.51", "a1", 0)]
    [InlineData("b1", "a1", 0)]
    // Right, wrong, right: precisions 1 and 2/3 at half of the recall each.
    [InlineData("a1:0.9 a5:0.8 a3:0.7", "a1 a3", 5.0 / 6)]
    // What is wrong but last costs nothing; first, it halves all.
    [InlineData("a1:0.9 a5:0.1", "a1", 1)]
    [InlineData("a1:0.1 a5:0.9", "a1", 0.5)]
    // Equal scores enter at once, in whatever order they are told.
    [InlineData("a1:0.5 a5:0.5", "a1", 0.5)]
    [InlineData("a5:0.5 a1:0.5", "a1", 0.5)]
    // An event is found once: the second prediction of it is wrong, and the other event is missed.
    [InlineData("a1:0.9 a1.1:0.8", "a1 a3", 0.5)]
    [InlineData("a1:0.9 a1.1:0.8 a3:0.7", "a1 a3", 0.5 + 1.0 / 3)]
    // The surest may have either event, the other prediction only one of them.
    [InlineData("a1:0.9 a1.9:0.8", "a1.4 a0.6", 1)]
    // One mark is found, one is missed.
    [InlineData("a1", "a1 b1", 0.5)]
    // Two events at the same time want two predictions.
    [InlineData("a1:0.9 a1:0.8", "a1 a1", 1)]
    [InlineData("a1:0.9", "a1 a1", 0.5)]
    public void Mean_WhenThereIsOneHorizon_IsTheAreaByHand(string predicted, string came, double expected) =>
        Assert.Equal(expected, Of((predicted, came)).Mean(), 1e-12);

    [Fact]
    public void Mean_WhenThereAreMoreHorizons_RanksTheirPredictionsTogether()
    {
        // Surer of a horizon where nothing came.
        Assert.Equal(0.5, Of(("a1:0.9", ""), ("a1:0.8", "a1")).Mean(), 1e-12);
        Assert.Equal(1, Of(("a1:0.7", ""), ("a1:0.8", "a1")).Mean(), 1e-12);
        // No prediction is matched to the event of another horizon.
        Assert.Equal(0, Of(("a1", ""), ("", "a1")).Mean());
        // A mark that never came has no say.
        Assert.Equal(1, Of(("b1:0.9", ""), ("a1:0.8", "a1")).Mean());
    }

    [Fact]
    public void WeightedMean_WhenMarksDifferInNumber_CountsEachByItsEvents()
    {
        TemporalPrecision precision = Of(("a1 a2 a3", "a1 a2 a3 b1"));

        Assert.Equal((0.5, 0.75), (precision.Mean(), precision.WeightedMean()));
        Assert.Equal(0, Of(("a1", "")).WeightedMean());
    }

    [Fact]
    public void Mean_WhenOrderChanges_StaysTheSame()
    {
        var random = new RandomStream(Seed);
        (RankedEvent[] Predicted, HorizonEvent[] Came)[] horizons =
            [.. Enumerable.Range(0, 30).Select(_ => (Ranked(random), Came(random)))];

        double told = Of(horizons).Mean();
        double turned = Of([.. horizons.Reverse().Select(h => (h.Predicted.Reverse().ToArray(), h.Came.Reverse().ToArray()))]).Mean();

        Assert.InRange(told, 0.02, 0.95);
        Assert.Equal(told, turned, 1e-12);
        Assert.Equal(1, Of([.. horizons.Select(h => (h.Came.Select(e => new RankedEvent(e.Time, e.Mark, 0.3)).ToArray(), h.Came))]).Mean());
    }

    [Fact]
    public void Match_WhenSetsAreRandom_MatchesAsManyOfTheSurestAsCanBe()
    {
        var random = new RandomStream(Seed, 2);
        for (int round = 0; round < 300; round++)
        {
            double[] predicted = [.. Enumerable.Range(0, random.NextInt(6)).Select(_ => random.NextInt(12) / 4.0)];
            double[] came = [.. Enumerable.Range(0, random.NextInt(6)).Select(_ => random.NextInt(12) / 4.0)];

            bool[] matched = HorizonMatching.Match(predicted, came, 0.5);

            for (int surest = 0; surest <= predicted.Length; surest++)
            {
                Assert.Equal(Most(predicted[..surest], came, 0.5), matched[..surest].Count(m => m));
            }
        }
    }

    /// <summary>As many pairs as there can be, by trying all.</summary>
    private static int Most(double[] predicted, double[] came, double delta) => predicted.Length == 0 ? 0
        : Enumerable.Range(0, came.Length).Where(j => Math.Abs(came[j] - predicted[0]) <= delta)
            .Select(j => 1 + Most(predicted[1..], [.. came[..j], .. came[(j + 1)..]], delta))
            .Append(Most(predicted[1..], came, delta)).Max();

    private static RankedEvent[] Ranked(RandomStream random) =>
        [.. Came(random).Select(e => new RankedEvent(e.Time, e.Mark, random.NextInt(4) / 4.0))];

    private static HorizonEvent[] Came(RandomStream random) =>
        [.. Enumerable.Range(0, 1 + random.NextInt(6)).Select(_ => new HorizonEvent(random.NextInt(20) / 4.0, random.NextInt(3)))];

    private static TemporalPrecision Of(params (string Predicted, string Came)[] horizons) =>
        Of([.. horizons.Select(h => (HorizonText.Ranked(h.Predicted), HorizonText.Events(h.Came)))]);

    private static TemporalPrecision Of((RankedEvent[] Predicted, HorizonEvent[] Came)[] horizons)
    {
        var precision = new TemporalPrecision(0.5);
        foreach ((RankedEvent[] predicted, HorizonEvent[] came) in horizons)
        {
            precision.Add(predicted, came);
        }
        return precision;
    }
}
