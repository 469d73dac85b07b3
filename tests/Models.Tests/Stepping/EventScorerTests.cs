using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Tests.PointProcess;

namespace Foretell.Models.Tests.Stepping;

public class EventScorerTests
{
    private const int Seed = 43, Events = 20_000, Rows = 50;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 4)]
    [InlineData(0.5, 0)]
    [InlineData(0.5, 4)]
    [InlineData(20, 3)]
    [InlineData(0, 2, 0.3)]
    public void Score_WhenEventsComeFromTheModelItself_IsUniformOrConservative(double resolution, int marks, double ties = 0)
    {
        ModelConfig config = TestModels.Config(marks: marks, width: 16, layers: 1, heads: 2) with
        {
            Resolution = resolution, LogGapMean = 1, Ties = ties,
        };
        StepScore[] scores = Simulate(ForecastModel.Untrained(config, TestModels.WeightsSeed));
        double[] pit = [.. scores.Select(s => (double)s.Pit)], p = [.. scores.Select(s => (double)s.PValue)];

        Assert.True(Kolmogorov.Distance(pit, x => x) < Kolmogorov.Bound(Events), $"PIT {Kolmogorov.Distance(pit, x => x)}");
        if (marks == 0)
        {
            Assert.True(Kolmogorov.Distance(p, x => x) < Kolmogorov.Bound(Events), $"p {Kolmogorov.Distance(p, x => x)}");
        }
        // Marks are few and none is split: small p-values may be rarer than they say, never more frequent.
        foreach (double level in new[] { 0.001, 0.01, 0.05, 0.2, 0.5, 0.9 })
        {
            double share = p.Count(x => x <= level) / (double)Events;
            Assert.True(share <= level + 4 * Math.Sqrt(level * (1 - level) / Events), $"{share} of the p-values are at most {level}.");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void Score_WhenOpenEndsWereCounted_PaysForComingAtAllAndJudgesTheGapGivenThat(double resolution)
    {
        ForecastModel model =
            ForecastModel.Untrained(TestModels.Config() with { Censored = true, Resolution = resolution }, TestModels.WeightsSeed);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        var score = new StepScore[1];
        backend.ScoreAndStep([new StepInput(0, 0, 0, 0)], score);
        float[] state = new float[model.StateFloats];
        backend.Read(0, state);
        GapDistribution distribution = new Forecaster(model).Gap(state.AsSpan(model.MixerFloats), out _);
        double never = new Forecaster(model).Forecast(state, 0).Never!.Value;
        foreach (double gap in new[] { 0.5, 1, 7 })
        {
            backend.Write(0, state);
            backend.ScoreAndStep([new StepInput(0, 1, gap, 1)], score);

            Assert.Equal(Math.Log(1 - never) + distribution.LogDensity(gap), score[0].Time, 1e-5);
            (double below, double upTo) = distribution.Transform(gap);
            Assert.InRange(score[0].Pit, below - 1e-6, upTo + 1e-6);
        }
    }

    [Fact]
    public void Score_WhenGivenTheHiddenVectorsApart_GivesWhatTheBackendGives()
    {
        ForecastModel model = TestModels.Model(marks: 3);
        const int Rows = 100;
        int d = model.Config.Width;
        using IStateBackend backend = new CpuStateBackend(model);
        using var scorer = new EventScorer(model);
        backend.EnsureCapacity(Rows);
        for (int t = 0; t < 5; t++)
        {
            StepInput[] inputs = [.. Enumerable.Range(0, Rows).Select(row => new StepInput(row, row % 3, 0.5 + row % 7, t, (row + t) % 3))];
            float[] hidden = new float[Rows * d];
            for (int row = 0; row < Rows; row++)
            {
                backend.ReadBasis(row, hidden.AsSpan(row * d, d));
            }
            StepScore[] apart = new StepScore[Rows], together = new StepScore[Rows];

            scorer.Score(inputs, hidden, apart);
            backend.ScoreAndStep(inputs, together);

            Assert.Equal(together, apart);
        }
        Assert.Throws<ArgumentException>(() => scorer.Score(new StepInput[2], new float[d], new StepScore[2]));
    }

    [Fact]
    public void Score_WhenMarksComeFromTheModelItself_ItsConfidenceIsTheShareOfHits()
    {
        StepScore[] scores =
            Simulate(ForecastModel.Untrained(TestModels.Config(marks: 4, width: 16, layers: 1, heads: 2), TestModels.WeightsSeed));
        Assert.Equal(scores.Average(s => s.Confidence), scores.Average(s => s.IsHit ? 1.0 : 0), 4 * 0.5 / Math.Sqrt(Events));
    }

    [Fact]
    public void Score_WhenAnEventIsFarFromExpected_GivesATinyPValue()
    {
        ForecastModel model = TestModels.Model(marks: 0);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        var score = new StepScore[1];
        backend.ScoreAndStep([new StepInput(0, 0, 0, 0)], score);
        Assert.Equal(default, score[0]);
        backend.ScoreAndStep([new StepInput(0, 0, 1e-5, 1)], score);
        Assert.InRange(score[0].PValue, 1e-38, 1e-4);
        backend.ScoreAndStep([new StepInput(0, 0, 1e5, 2)], score);
        Assert.InRange(score[0].PValue, 1e-38, 1e-4);
        backend.ScoreAndStep([new StepInput(0, 0, 1e30, 3)], score);
        Assert.InRange(score[0].PValue, 1e-38, 1e-30);
        Assert.True(float.IsFinite(score[0].Time));
    }

    [Fact]
    public void Score_WhenTheMarkIsUnknown_IsOneInAMillion()
    {
        ForecastModel model = TestModels.Model(marks: 3);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        var score = new StepScore[1];
        backend.ScoreAndStep([new StepInput(0, 0, 0, 0)], score);
        backend.ScoreAndStep([new StepInput(0, model.UnknownMark, 1.2, 1)], score);
        Assert.Equal((float)ForecastModel.LogUnknownMark, score[0].Mark);
        Assert.False(score[0].IsHit);
        Assert.InRange(score[0].PValue, 1e-8, 2e-5);
    }

    [Fact]
    public void Score_WhenBatchesDiffer_GivesTheSameBits()
    {
        foreach (double resolution in new[] { 0, 0.5 })
        {
            ForecastModel model =
                ForecastModel.Untrained(TestModels.Config() with { Resolution = resolution, Censored = resolution > 0 },
                TestModels.WeightsSeed);
            StepScore[] together = Feed(model, 100, reversed: false);
            foreach (int batch in new[] { 1, 7, 49 })
            {
                Assert.Equal(together, Feed(model, batch, reversed: batch == 7));
            }
        }
    }

    /// <summary>Scores of the last of three events in each of 100 rows, by row.</summary>
    private static StepScore[] Feed(ForecastModel model, int batch, bool reversed)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(100);
        var last = new StepScore[100];
        for (int t = 0; t < 3; t++)
        {
            IEnumerable<int> rows = Enumerable.Range(0, 100);
            foreach (int[] part in (reversed ? rows.Reverse() : rows).Chunk(batch))
            {
                var scores = new StepScore[part.Length];
                backend.ScoreAndStep(part.Select(i => new StepInput(i, i % 3, 0.5 * (1 + i % 11) * (t + 1), t, i % 2)).ToArray(), scores);
                for (int i = 0; i < part.Length; i++)
                {
                    last[part[i]] = scores[i];
                }
            }
        }
        return last;
    }

    /// <summary>Draws each event from the forecast before it, gap then mark, and scores it.</summary>
    private static StepScore[] Simulate(ForecastModel model)
    {
        var random = new RandomStream(Seed);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(Rows);
        float[] state = new float[model.StateFloats];
        var score = new StepScore[1];
        var scores = new List<StepScore>();
        double resolution = model.Config.Resolution;
        for (int t = 0; scores.Count < Events; t++)
        {
            for (int row = 0; row < Rows; row++)
            {
                double gap = 0;
                int mark = 0;
                if (t > 0)
                {
                    backend.Read(row, state);
                    ReadOnlySpan<float> hidden = state.AsSpan(model.MixerFloats);
                    gap = new Forecaster(model).Gap(hidden, out _).Given(0).Sample(random);
                    gap = resolution == 0 ? gap : Math.Round(gap / resolution) * resolution;
                    if (model.Config.Marks.Count > 0)
                    {
                        double[] probabilities = new Forecaster(model).MarkProbabilities(hidden, [(gap, 1)]);
                        mark = Categorical.Draw(Array.ConvertAll(probabilities, Math.Log), random);
                    }
                }
                backend.ScoreAndStep([new StepInput(row, mark, gap, t)], score);
                if (t > 0)
                {
                    scores.Add(score[0]);
                }
            }
        }
        return [.. scores];
    }
}
