using Foretell.Models.Horizons;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Tests.Horizons;

public class HorizonScorerTests
{
    private static readonly EventSequence[] s_sequences =
        [.. Enumerable.Range(0, 6).Select(i => TestModels.History(40 + 10 * i, seed: TestModels.HistorySeed + i))];

    [Fact]
    public void Setting_WhenTrainIsKnown_FollowsFromItsGapsAndLengths()
    {
        // 12 in 4 gaps; a stream without a gap has no say. Ten moments in 2.5 events are less than one event apart.
        var setting = HorizonSetting.Of([new("a", [0, 1, 2, 9], null), new("b", [5, 8], null), new("c", [1], null)]);

        Assert.Equal(new HorizonSetting(15, 3, 1.5, 1).ToString(), setting.ToString());
        Assert.Equal(4, HorizonSetting.Of([TestModels.History(42)]).Step);
        Assert.Contains("no sequence has a gap", Assert.Throws<ArgumentException>(() => HorizonSetting.Of([new("c", [1, 1], null)])).Message);
    }

    [Fact]
    public void Moments_WhenTheEndIsNear_StopWhereAWholeHorizonWasWatched()
    {
        var setting = new HorizonSetting(3, 1, 0.5, 2);
        EventSequence sequence = new("a", [0, 1, 2, 3, 4, 5, 6, 7], null);

        Assert.Equal([2, 4], setting.Moments(sequence));
        Assert.Equal([2, 4, 6], setting.Moments(sequence with { Until = 9 }));
        Assert.Empty(setting.Moments(new EventSequence("b", [], null)));
    }

    [Fact]
    public void Run_WhenAMethodKnowsWhatComes_ScoresPerfectlyAndOneThatKnowsNothingScoresNothing()
    {
        ForecastModel model = TestModels.Model();
        HorizonSetting setting = HorizonSetting.Of(s_sequences);

        HorizonScore perfect = HorizonScorer.Run((times, _, s) => Truth(times, s), model.Config, s_sequences, setting)!;
        HorizonScore nothing = HorizonScorer.Run((_, _, _) => new HorizonForecast([], []), model.Config, s_sequences, setting)!;

        Assert.Equal((1, 1, 0), (perfect.TMap, perfect.WeightedTMap, perfect.Otd));
        Assert.Equal((0, 0, 1), (nothing.TMap, nothing.WeightedTMap, Math.Round(nothing.Otd, 12)));
        Assert.Equal((s_sequences.Sum(s => setting.Moments(s).Count()), perfect.Events), (perfect.Horizons, nothing.Events));
        Assert.InRange((double)perfect.Events / perfect.Horizons, 3, 7);
    }

    [Fact]
    public void Run_WhenAMarkIsUnknown_LeavesItsEventsOut()
    {
        ForecastModel model = TestModels.Model();
        HorizonSetting setting = HorizonSetting.Of(s_sequences);
        EventSequence[] renamed = [.. s_sequences.Select(s => s with { Marks = [.. s.Marks!.Select(m => m == "mark-2" ? "strange" : m)] })];

        HorizonScore known = HorizonScorer.Run(HorizonBaselines.HistoryDensity, model.Config, s_sequences, setting)!;
        HorizonScore score = HorizonScorer.Run(HorizonBaselines.HistoryDensity, model.Config, renamed, setting)!;

        Assert.Equal(known.Horizons, score.Horizons);
        Assert.InRange(score.Events, known.Events / 2, known.Events - 1);
        Assert.Equal(score.Events, HorizonScorer.Run(model, renamed, setting, paths: 2)!.Events);
    }

    [Theory]
    [InlineData("aaren", true)]
    [InlineData("softmax", false)]
    public void Run_WhenThreadsDiffer_GivesTheSameScoreOfTheModelsPaths(string mixer, bool adapt)
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config() with { Mixer = mixer, Adapt = adapt }, TestModels.WeightsSeed);
        HorizonSetting setting = HorizonSetting.Of(s_sequences);

        HorizonScore one = HorizonScorer.Run(model, s_sequences, setting, paths: 8)!;

        Assert.Equal(one, HorizonScorer.Run(model, s_sequences, setting, paths: 8, threads: 3));
        Assert.InRange(one.TMap, 0.01, 0.99);
        Assert.NotEqual(one.TMap, HorizonScorer.Run(model, s_sequences, setting, paths: 9)!.TMap);
    }

    /// <summary>Paths go on from rows that have read their streams' values.</summary>
    [Fact]
    public void Run_OfAModelWithValues_ReadsThem()
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config().WithValues(2), TestModels.WeightsSeed);
        EventSequence[] sequences = Array.ConvertAll(s_sequences, s => s.WithValues(model.Config));
        HorizonSetting setting = HorizonSetting.Of(sequences);

        HorizonScore score = HorizonScorer.Run(model, sequences, setting, paths: 8)!;

        Assert.Equal(score, HorizonScorer.Run(model, sequences, setting, paths: 8));
        Assert.NotEqual(score.TMap, HorizonScorer.Run(model, s_sequences, setting, paths: 8)!.TMap);
    }

    [Fact]
    public void Run_WhenNoStreamGoesOnForAHorizon_HasNoScore()
    {
        HorizonSetting setting = HorizonSetting.Of(s_sequences) with { Horizon = 1e6 };

        Assert.Null(HorizonScorer.Run(TestModels.Model(), s_sequences, setting, paths: 2));
        Assert.Null(HorizonScorer.Run(HorizonBaselines.MostPopular, TestModels.Config(), s_sequences, setting));
    }

    /// <summary>What the sequence that began so goes on with.</summary>
    private static HorizonForecast Truth(ReadOnlySpan<double> times, HorizonSetting setting)
    {
        double[] past = times.ToArray();
        EventSequence whole = s_sequences.Single(s => s.Times.Take(past.Length).SequenceEqual(past));
        HorizonEvent[] events = [.. whole.Times.Zip(whole.Marks!).Skip(past.Length)
            .Select(e => new HorizonEvent(e.First - past[^1], e.Second[^1] - '0')).TakeWhile(e => e.Time < setting.Horizon)];
        return new HorizonForecast([.. events.Select(e => new RankedEvent(e.Time, e.Mark, 1))], events);
    }
}
