using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Torch.Tests.Native;
using Foretell.Models.Torch.Training;
using Foretell.Models.Training;
using Foretell.Support;

namespace Foretell.Models.Torch.Tests.Training;

/// <summary>Whole trainings beside the own trainer's: short ones here, the recipe's in docs/models.md.</summary>
public class TorchTrainerTests
{
    private const int HistorySeed = 83;

    [Theory]
    [InlineData("taxi", 3600, 240, 60, 4)]
    [InlineData("hawkes1", 1, 8, 4, 3)]
    public void Train_WhenTheDataAreReal_ReachesTheOwnTrainersScore(string set, double unit, int sequences, int held, int epochs)
    {
        TorchDevice device = TestTorch.Cpu();
        List<EventSequence> train = SharedData.Read($"{set}/train")[..sequences], dev = SharedData.Read($"{set}/dev")[..held];
        var options = new TrainingOptions { Shape = new ModelConfig { TimeUnitSeconds = unit }, Epochs = epochs, Threads = 1 };

        TrainingResult own = Trainer.Train(train, dev, options), result = TorchTrainer.Train(train, dev, options, device);

        TestContext.Current.TestOutputHelper!.WriteLine($"{set}: own {own.DevNll:F7}, Torch {result.DevNll:F7}");
        Assert.Equal(own.DevNll, result.DevNll, 1e-4);
        Assert.Equal((own.Steps, own.BestEpoch), (result.Steps, result.BestEpoch));
        Assert.Equal(Evaluator.Evaluate(own.Model, dev).Nll, Evaluator.Evaluate(result.Model, dev).Nll, 1e-4);
    }

    [Fact]
    public void Train_WhenItEnds_GivesAModelWhoseFileLoadsAndScoresAlike()
    {
        using var folder = new TemporaryFolder();
        TrainingResult result = TorchTrainer.Train(Histories(20), Histories(5), Options(epochs: 2), TestTorch.Cpu());

        result.Model.Save(folder.At("m.safetensors"));
        var loaded = ForecastModel.Load(folder.At("m.safetensors"));

        Assert.Equal(result.Model.Id, loaded.Id);
        Assert.Equal(result.DevNll, Evaluator.Evaluate(loaded, Histories(5)).Nll, 1e-5);
    }

    [Fact]
    public void Train_WhenRepeatedOnOneThread_GivesTheSameWeights()
    {
        TorchDevice device = TestTorch.Cpu();

        TrainingResult[] results =
            [.. Enumerable.Range(0, 2).Select(_ => TorchTrainer.Train(Histories(20), Histories(5), Options(epochs: 1), device))];

        Assert.Equal(results[0].Model.Id, results[1].Model.Id);
    }

    [Fact]
    public void Train_WhenEventsCarryValues_SaysWhoTrainsThem()
    {
        List<EventSequence> valued =
            [.. Histories(20).Select(s => s with { Values = new Dictionary<string, double[]> { ["a"] = [.. s.Times] } })];

        string message = Assert.Throws<ArgumentException>(() =>
            TorchTrainer.Train(valued, valued, Options(epochs: 1), TestTorch.Cpu())).Message;

        Assert.Contains("these streams have values, labels or ends. Train on the CPU ('--device cpu'), or leave them out.", message);
    }

    [Fact]
    public void Train_WhenCancelled_StopsAfterTheStep()
    {
        using var cancel = new CancellationTokenSource();
        var reports = new List<TrainingProgress>();
        var progress = new Reporter(at =>
        {
            reports.Add(at);
            if (reports.Count == 3)
            {
                cancel.Cancel();
            }
        });

        Assert.Throws<OperationCanceledException>(() =>
            TorchTrainer.Train(Histories(40), Histories(5), Options(epochs: 9), TestTorch.Cpu(), progress, cancel.Token));

        Assert.Equal([1, 2, 3], reports.Select(r => r.Step));
    }

    private static TrainingOptions Options(int epochs) =>
        new() { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2 }, Epochs = epochs, Threads = 1 };

    private static List<EventSequence> Histories(int count) =>
        [.. Enumerable.Range(0, count).Select(i => TestModels.History(TestModels.Config(), 20 + i, HistorySeed + i))];

    private sealed class Reporter(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
