using Foretell.Models.Configuration;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Stepping;
using Foretell.Models.Training;
using Foretell.Support;

namespace Foretell.Models.Tests.Training;

/// <summary>What the default recipe reaches on real events. A few epochs keep the test short; docs/models.md has the figures of
/// whole runs, which are lower.</summary>
public class RealDataTests
{
    [Theory]
    [InlineData("taxi", "dev", 3600, 5, -0.47, -0.60)]
    [InlineData("stackoverflow", "dev", 86_400, 3, 4.62, 4.30)]
    // The truth scores 0.518 on this split: nothing may be better by more than noise.
    [InlineData("hawkes1", "test", 1, 10, 0.530, 0.510)]
    public void Train_WithTheDefaultRecipe_ReachesTheStatedScores(string set, string split, double unit, int epochs, double atMost,
        double atLeast)
    {
        List<EventSequence> held = SharedData.Read($"{set}/{split}");
        TrainingResult result = Trainer.Train(SharedData.Read($"{set}/train"), SharedData.Read($"{set}/dev"),
            new TrainingOptions { Shape = new ModelConfig { TimeUnitSeconds = unit }, Epochs = epochs });
        Evaluation score = Evaluator.Evaluate(result.Model, held, Environment.ProcessorCount);
        Assert.InRange(score.Nll, atLeast, atMost);
        Assert.Equal(score.Nll, score.NllTime + score.NllMark, 1e-9);
        Assert.True(score.PitKs < 0.05, $"Kolmogorov-Smirnov distance {score.PitKs}.");
        Assert.True(score.NllTime < score.Baselines["logNormalMixture"].NllTime && score.NllTime < score.Baselines["exponential"].NllTime);
        if (set != "hawkes1")
        {
            Assert.True(score.NllMark < score.Baselines["markov"].NllMark);
        }
        AssertStepsAgree(result.Model, held, score);
    }

    /// <summary>The recurrent form over the whole file gives the parallel form's scores.</summary>
    private static void AssertStepsAgree(ForecastModel model, List<EventSequence> sequences, Evaluation parallel)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(sequences.Count);
        var row = new float[model.StateFloats];
        var score = new StepScore[1];
        double time = 0, mark = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            EventSequence s = sequences[i];
            for (int t = 0; t < s.Times.Length; t++)
            {
                int index = s.Marks is null ? 0 : model.MarkIndices.GetValueOrDefault(s.Marks[t], model.UnknownMark);
                backend.ScoreAndStep([new StepInput(i, index, t == 0 ? 0 : s.Times[t] - s.Times[t - 1], t)], score);
                time += score[0].Time;
                mark += score[0].Mark;
            }
        }
        Assert.Equal(parallel.NllTime, -time / parallel.Events, 1e-4);
        Assert.Equal(parallel.NllMark, -mark / parallel.Events, 1e-4);
    }
}
