using Foretell.Models.Comparison;
using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Training;
using Foretell.Support;

namespace Foretell.Models.Tests.Comparison;

public class SimpleMethodsTests
{
    private static readonly ModelConfig s_config = TestModels.Config();

    [Fact]
    public void Running_WhenAStreamGoesOn_IsTheLogNormalOfItsPopulationAndItsOwnGaps()
    {
        Baselines baselines = Baselines.Fit(s_config, [1, 2, 3, 4], [0, 1, 2, 0], [1, 2, 0, 1]);
        var method = new RunningMethod(s_config, baselines, gapPrior: 4, markPrior: 2);
        double[] gaps = [0.5, 3, 8];
        foreach (double gap in gaps)
        {
            method.SeeGap(gap);
        }
        method.SeeMark(1);
        method.SeeMark(1);
        method.SeeMark(2);

        // Four events at the population's mean with its deviation around it, and the stream's own, the older the lighter.
        double m0 = s_config.LogGapMean, s0 = s_config.LogGapDeviation;
        double[] weights = [49 / 64.0, 7 / 8.0, 1];
        double mean = (4 * m0 + gaps.Zip(weights, (g, w) => w * Math.Log(g)).Sum()) / (4 + weights.Sum());
        double variance =
            (4 * (s0 * s0 + m0 * m0) + gaps.Zip(weights, (g, w) => w * Math.Log(g) * Math.Log(g)).Sum()) / (4
            + weights.Sum()) - mean * mean;
        double z = (Math.Log(2.5) - mean) / Math.Sqrt(variance);
        // And, as in every forecast, a tail whose scale is the geometric mean.
        double c = Math.Exp(mean), density = Math.Exp(-0.5 * z * z) / Math.Sqrt(2 * Math.PI * variance) / 2.5;
        Assert.Equal(Math.Log(0.9999 * density + 1e-4 * c / (c + 2.5) / (c + 2.5)), method.Score(2.5, 0).LogDensity, 1e-9);
        double shorter = 0.9999 * Normal.Cdf(z) + 1e-4 * 2.5 / (c + 2.5);
        Assert.Equal(shorter, method.Score(2.5, 0).Below, 1e-12);
        Assert.Equal(shorter, method.Score(2.5, 0).UpTo, 1e-12);
        Assert.Equal(Math.Log(1 - shorter), method.LogSurvival(2.5), 1e-9);
        Assert.Equal((2 + 2 * Math.Exp(baselines.LogUnigram(1))) / 5, method.Mark(0, 1), 1e-12);
        Assert.Equal(1, Enumerable.Range(0, 4).Sum(mark => method.Mark(0, mark)), 1e-9);
    }

    [Fact]
    public void Score_WhenMarksAlternate_OnlyTheMarkovChainKnows()
    {
        List<EventSequence> sequences = [.. Enumerable.Range(0, 20).Select(i =>
        {
            EventSequence s = TestModels.History(30, seed: 40 + i);
            return s with { Marks = [.. s.Times.Select((_, t) => (t + i) % 2 == 0 ? "a" : "b")] };
        })];
        Dictionary<string, ScoreRecord> scores =
            SimpleMethods.Score(new ComparisonData(sequences, sequences, sequences), new TrainingOptions()).ToDictionary(s => s.Form);

        Assert.Equal(["exponential", "log-normals", "running"], scores.Keys);
        Assert.Equal(1, scores["log-normals"].Accuracy);
        Assert.InRange(scores["exponential"].NllMark!.Value, 0.68, 0.72);
        Assert.True(scores["log-normals"].NllMark < 0.05);
        // Gaps are log-normal without history, as the last two have it and the first has not.
        Assert.True(scores["log-normals"].NllTime < scores["exponential"].NllTime
            && scores["running"].NllTime < scores["exponential"].NllTime);
        Assert.True(scores["running"].PitKs < 0.06 && scores["exponential"].PitKs > 0.06);
    }

    [Fact]
    public void Score_WhenSequencesHaveAnEnd_AddsTheirSilencesByTheGapsAlone()
    {
        List<EventSequence> train = [.. Enumerable.Range(0, 20).Select(i => TestModels.History(30, seed: 60 + i))];
        // A silence of no length costs nothing, and a stream of one event has an open end, too.
        List<EventSequence> test =
            [train[0] with { Until = train[0].Times[^1] }, train[1] with { Until = train[1].Times[^1] + 5 },
            new("one", [3], ["mark-0"]) { Until = 40 }];
        double[] silences = [5, 37];
        Dictionary<string, ScoreRecord> scores = SimpleMethods.Score(new ComparisonData(train, train, test), new TrainingOptions())
            .ToDictionary(s => s.Form);
        Baselines baselines = DataStatistics.Of(train, new TrainingOptions()).Baselines;

        Assert.All(scores.Values, s => Assert.Equal((3, 58), (s.OpenEnds, s.Events)));
        Assert.Equal(silences.Sum(c => baselines.Rate * c) / 3, scores["exponential"].NllOpenEnd!.Value, 1e-9);
        Assert.Equal(silences.Sum(c => -baselines.GapDistribution.LogSurvival(c)) / 3, scores["log-normals"].NllOpenEnd!.Value, 1e-6);
        Assert.True(double.IsFinite(scores["running"].NllOpenEnd!.Value));
    }

    [Fact]
    public void Score_WhenDevHasOpenEnds_ChoosesThePopulationsWeightByThemToo()
    {
        List<EventSequence> train = [.. Enumerable.Range(0, 20).Select(i => TestModels.History(30, seed: 80 + i))];
        // Gaps of a population without differences ask for much weight; a silence after one long gap for little, so that this gap tells.
        List<EventSequence> dev =
            [.. train.Select(s => s with { Times = [.. s.Times, s.Times[^1] + 150], Marks = [.. s.Marks!, "mark-0"] })];
        List<EventSequence> silent = [.. dev.Select(s => s with { Until = s.Times[^1] + 8000 })];

        Assert.True(Running(dev) < Running(silent) - 0.01, $"{Running(dev)} against {Running(silent)}");

        // Less weight costs on a test set of gaps alone.
        double Running(List<EventSequence> chooses) =>
            SimpleMethods.Score(new ComparisonData(train, chooses, train), new TrainingOptions())[^1].NllTime;
    }

    /// <summary>Scores on dev that the data's own notes give for such methods, in nats.</summary>
    [Theory]
    [InlineData("taxi", -0.561, 0.329, -0.550)]
    [InlineData("stackoverflow", 3.234, 1.697, 3.355)]
    [InlineData("hawkes1", 0.674, 0, 0.635)]
    public void Score_WhenTheDataAreReal_ReachesThePublishedScores(string set, double mixture, double markov, double running)
    {
        List<EventSequence> train = SharedData.Read($"{set}/train"), dev = SharedData.Read($"{set}/dev");
        Dictionary<string, ScoreRecord> scores =
            SimpleMethods.Score(new ComparisonData(train, dev, dev), new TrainingOptions { Resolution = 0 }).ToDictionary(s => s.Form);

        Assert.Equal(mixture, scores["log-normals"].NllTime, 0.003);
        Assert.Equal(markov, scores["log-normals"].NllMark ?? 0, 0.002);
        Assert.Equal(running, scores["running"].NllTime, 0.01);
    }
}
