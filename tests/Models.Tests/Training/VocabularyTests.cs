using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Stepping;
using Foretell.Models.Training;
using Foretell.Support;

namespace Foretell.Models.Tests.Training;

public class VocabularyTests
{
    [Fact]
    public void Of_WhenAllMarksFit_KeepsThemInOrder()
    {
        Assert.Equal(["2", "10", "a", "b"], Vocabulary.Of([Marked("b", "10", "a", "2", "", "a")], 4, out FoldedMarks? folded));
        Assert.Null(folded);
    }

    [Fact]
    public void Of_WhenThereAreMore_FoldsTheRarestIntoOther()
    {
        // Of those that come twice, the first by their order stay: the same data gives the same vocabulary.
        Assert.Equal(["10", "b", "other"],
            Vocabulary.Of([Marked("b", "b", "b", "z", "10", "z"), Marked("10", "a", "c")], 3, out FoldedMarks? folded));
        Assert.Equal(new FoldedMarks(3, 4, 9), folded);
    }

    [Fact]
    public void Of_WhenAMarkIsCalledOther_CountsItAsOneOfTheRare()
    {
        Assert.Equal(["b", "other"], Vocabulary.Of([Marked("other", "other", "b", "c")], 2, out FoldedMarks? folded));
        Assert.Equal(new FoldedMarks(2, 3, 4), folded);
    }

    [Fact]
    public void Train_WhenMarksAreMoreThanAModelCanHold_FoldsThemAndLoads()
    {
        List<EventSequence> train = [.. Enumerable.Range(0, 50).Select(i => new EventSequence($"{i}",
            [.. Enumerable.Range(0, 100).Select(t => t * 1.5 + i)], [.. Enumerable.Range(0, 100).Select(t => $"product-{i}-{t}")]))];
        using var folder = new TemporaryFolder();

        TrainingResult result = Trainer.Train(train, train, s_options with { MaxMarks = ModelLimits.Marks, Epochs = 1 });
        result.Model.Save(folder.At("m.safetensors"));

        Assert.Equal(5000 - 4095, result.Folded!.Marks);
        Assert.Equal(4096, ForecastModel.Load(folder.At("m.safetensors")).Config.Marks.Count);
    }

    [Fact]
    public void Train_WhenRareMarksAreFolded_LearnsHowOftenAnyUnknownMarkComes()
    {
        // Nine of ten events are common, the tenth is always new: no mark of it is ever seen again.
        List<EventSequence> train = Sparse(60, 0), dev = Sparse(20, 1000);
        ForecastModel model = Trainer.Train(train, dev, s_options with { MaxMarks = 3 }).Model;

        Assert.Equal(["a", "b", "other"], model.Config.Marks);
        Assert.Equal(2, model.UnknownMark);
        Assert.Equal(2, model.MarkIndex("never seen"u8));
        Assert.Equal(2, model.MarkIndex("other"u8));
        Evaluation scores = Evaluator.Evaluate(model, dev);
        // Common marks alternate, so their entropy is that of one in ten: 0.33 nats. At one in a million the rare would cost 1.38.
        Assert.InRange(scores.NllMark, 0.2, 0.6);
        Assert.Equal(20 * 4, scores.UnknownMarks);

        // The recurrent form says the same: forecasts, and live scores.
        using var backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        backend.Step([new StepInput(0, 0, 1, 0)]);
        var state = new float[model.StateFloats];
        backend.Read(0, state);
        MarkProbability other = new Forecaster(model).Forecast(state, 0).Marks().Single(m => m.Mark == ModelConfig.OtherMark);
        Assert.InRange(other.Probability, 0.03, 0.3);
        var score = new StepScore[1];
        backend.ScoreAndStep([new StepInput(0, model.MarkIndex("never seen"u8), 1, 1)], score);
        Assert.InRange(Math.Exp(score[0].Mark), 0.01, 0.4);
    }

    private static readonly TrainingOptions s_options =
        new() { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, Epochs = 15, Threads = 2 };

    private static EventSequence Marked(params string[] marks) => new("s", [.. marks.Select((_, i) => (double)i)], marks);

    private static List<EventSequence> Sparse(int count, int first) => [.. Enumerable.Range(first, count).Select(i => new EventSequence($"{i}",
        [.. Enumerable.Range(0, 40).Select(t => t + 0.1 * Math.Sin(t + i))],
        [.. Enumerable.Range(0, 40).Select(t => (t + i) % 10 == 9 ? $"rare-{i}-{t}" : t % 2 == 0 ? "a" : "b")]))];
}
