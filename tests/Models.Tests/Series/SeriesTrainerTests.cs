using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Series;

namespace Foretell.Models.Tests.Series;

/// <summary>What is learned of a series is believed as far as it was seen to hold.</summary>
public class SeriesTrainerTests
{
    private const int Seed = 71;

    [Fact]
    public void Cautious_OfBlocksThatAgree_IsTheirRatioWithinBounds()
    {
        Assert.Equal(0.5f, SeriesTrainer.Cautious([(1, 2), (2, 4), (0.5, 1)]));
        Assert.Equal(0.5f, SeriesTrainer.Cautious([(1, 2)]));
        Assert.Equal(1, SeriesTrainer.Cautious([(3, 2), (6, 4)]));
        Assert.Equal(0, SeriesTrainer.Cautious([(-1, 2), (-2, 4)]));
        Assert.Equal(0, SeriesTrainer.Cautious([(0, 0)]));
        Assert.Equal(0, SeriesTrainer.Cautious([]));
    }

    /// <summary>What is noise is believed in about one of forty cases, and what holds is believed nearly wholly.</summary>
    [Fact]
    public void Cautious_OfNoisyBlocks_BelievesWhatIsBeyondChance()
    {
        const int Draws = 1000, Blocks = 20;
        var random = new RandomStream(Seed);

        float[] noise = [.. Enumerable.Range(0, Draws).Select(_ => Draw(0))];
        float[] holds = [.. Enumerable.Range(0, Draws).Select(_ => Draw(0.8))];

        Assert.InRange(noise.Count(share => share > 0), 10, 60);
        Assert.InRange(holds.Average(), 0.8 - 3 * 0.5 / Math.Sqrt(Blocks), 0.8 - 0.5 / Math.Sqrt(Blocks));

        float Draw(double ratio) => SeriesTrainer.Cautious(
            [.. Enumerable.Range(0, Blocks).Select(_ => (ratio + 0.5 * random.NextNormal(), 1.0))]);
    }

    [Fact]
    public void Train_OnRandomWalks_ForecastsTheLastValue()
    {
        EventSequence walk = Walk(3000, Seed);
        SeriesModel model = SeriesTrainer.Train([walk], TestSeries.Small());
        SeriesChannel[] test = SeriesChannel.Of([walk], [Walk(600, Seed + 1)], SeriesScale.Of([walk]));
        (int from, int to) = test[0].Origins(TestSeries.Window, TestSeries.Horizon);

        SeriesForecasts said = model.Forecast(test[0], from, to - from);

        for (int row = 0; row < said.Count; row++)
        {
            float last = test[0].Readings[from + row - 1];
            for (int h = 0; h < said.Horizon; h++)
            {
                Assert.Equal(last, said.Place(row, h), 2e-3);
            }
        }
    }

    private static EventSequence Walk(int readings, int seed)
    {
        var random = new RandomStream(seed);
        double[] level = new double[readings];
        for (int i = 1; i < readings; i++)
        {
            level[i] = level[i - 1] + random.NextNormal();
        }
        return new EventSequence("w", [.. Enumerable.Range(0, readings).Select(t => (double)t)], null)
        {
            Values = new Dictionary<string, double[]> { ["level"] = level },
        };
    }
}
