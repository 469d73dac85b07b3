using Foretell.Models.Horizons;

namespace Foretell.Models.Tests.Horizons;

/// <summary>What paths agree on, and what a stream's past says by itself.</summary>
public class HorizonForecastTests
{
    [Fact]
    public void Consensus_WhenMostPathsHaveAnEvent_IsAsSureAsTheyAreMany()
    {
        HorizonForecast forecast = Consensus(delta: 0.2, "a1.0", "a1.1", "a1.2", "a5");

        Assert.Equal([(1.1, 0, 0.75), (5, 0, 0.25)], forecast.Ranked.Select(e => (Math.Round(e.Time, 12), e.Mark, e.Score)));
        // 0.75 of a gain of 0.4 less 0.067 is more than 0.2; a quarter of 0.4 is not.
        Assert.Equal([new HorizonEvent(1.1, 0)], forecast.Sequence);
    }

    [Fact]
    public void Consensus_WhenAPathHasTwoEventsAtOnce_NamesTheSecondOneByItself()
    {
        HorizonForecast forecast = Consensus(delta: 0.5, "a1 a1.2 b1", "a1", "a1.1 a1.1");

        Assert.Equal([(0, 1), (0, 2.0 / 3), (1, 1.0 / 3)], forecast.Ranked.Select(e => (e.Mark, e.Score)));
        Assert.All(forecast.Ranked, e => Assert.InRange(e.Time, 1, 1.2));
    }

    [Fact]
    public void Consensus_WhenThereIsOnePath_IsThePath()
    {
        HorizonForecast forecast = Consensus(delta: 0.5, "a1 b1.5 a3");

        Assert.Equal(HorizonText.Events("a1 a3 b1.5"), forecast.Ranked.Select(e => new HorizonEvent(e.Time, e.Mark)));
        Assert.Equal(HorizonText.Events("a1 a3 b1.5"), forecast.Sequence);
        Assert.All(forecast.Ranked, e => Assert.Equal(1, e.Score));
    }

    [Fact]
    public void Consensus_WhenNoPathHasAnEvent_IsEmpty()
    {
        HorizonForecast forecast = Consensus(delta: 0.5, "", "");

        Assert.Empty(forecast.Ranked);
        Assert.Empty(forecast.Sequence);
    }

    [Fact]
    public void HistoryDensity_WhenMarksHadRates_ExtendsThemOverTheHorizon()
    {
        // Four a and one b in 8: of stretches of 2, a share of 1 each for a and 0.25 for b.
        HorizonForecast forecast = HorizonBaselines.HistoryDensity([0, 1, 2, 4, 8], [0, 0, 1, 0, 0], new HorizonSetting(6, 1, 0.5, 1));

        Assert.Equal(HorizonText.Ranked("a1:1 a3:1 a5:1 b1:0.25 b3:0.25 b5:0.25"), forecast.Ranked);
        Assert.Equal(HorizonText.Events("a1 a3 a5"), forecast.Sequence);
    }

    [Fact]
    public void HistoryDensity_WhenAllCameAtOnce_IsSureOfAll() =>
        Assert.All(HorizonBaselines.HistoryDensity([3, 3], [0, -1], new HorizonSetting(6, 1, 0.5, 1)).Ranked,
            e => Assert.Equal((0, 1), (e.Mark, e.Score)));

    [Fact]
    public void MostPopular_WhenOneMarkLeads_RepeatsItAtTheMeanGap()
    {
        var setting = new HorizonSetting(6, 1, 0.5, 1);

        Assert.Equal(HorizonText.Events("b2 b4"), HorizonBaselines.MostPopular([0, 1, 2, 4, 8], [1, 0, 1, 0, 1], setting).Sequence);
        // A tie goes to the first mark of the vocabulary; without any known mark there is nothing to say.
        Assert.Equal(HorizonText.Events("a5"), HorizonBaselines.MostPopular([0, 5], [1, 0], setting).Sequence);
        Assert.Empty(HorizonBaselines.MostPopular([0, 5], [-1, -1], setting).Ranked);
        Assert.Equal(32, HorizonBaselines.MostPopular([5, 5], [0, 0], setting).Sequence.Count);
    }

    private static HorizonForecast Consensus(double delta, params string[] paths) =>
        PathConsensus.Of([.. paths.Select(HorizonText.Events)], delta, delta);
}
