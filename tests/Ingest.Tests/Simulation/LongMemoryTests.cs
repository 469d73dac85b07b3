using Foretell.Ingest.Simulation;
using Foretell.Models.Configuration;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Models.Training;

namespace Foretell.Ingest.Tests.Simulation;

/// <summary>What the long-memory kind is for: to tell apart policies that keep an eighth of the events. docs/models.md has the
/// figures of a whole training.</summary>
public sealed class LongMemoryTests(ITestOutputHelper output)
{
    private const int Length = 384, States = Length / 8;

    [Fact]
    public void Tova_WhenItKeepsAnEighth_ForecastsAsSoftmaxDoesAndAWindowDoesNot()
    {
        // Short histories and a high learning rate keep the test short: dishes are frequent in the beginning, where they are learned.
        var options = new TrainingOptions { Shape = new ModelConfig { Layers = 1, Mixer = "softmax" }, Epochs = 34, LearningRate = 0.01 };
        ForecastModel softmax = Trainer.Train(Sequences(640, seed: 1, length: 112), Sequences(30, seed: 2, length: 112), options).Model;
        List<EventSequence> held = Sequences(60, seed: 3, Length);
        double Nll(ForecastModel model) => Evaluator.Evaluate(model, held, options.Threads).Nll;

        double full = Nll(softmax), tova = Nll(softmax.WithMixer("tova", States)), window = Nll(softmax.WithMixer("window", States));

        output.WriteLine($"softmax {full:F4}, tova {tova:F4}, window {window:F4}");
        // Knowing no stream's habits costs 0.16: a reader who knows only frequencies scores about 5.39.
        Assert.True(full < 5.36, $"softmax scores {full}; it has not learned the habits.");
        Assert.True(tova < full + 0.02, $"tova scores {tova} with {States} events, softmax {full} with all.");
        Assert.True(window > full + 0.02, $"window scores {window} with {States} events, softmax {full} with all.");
    }

    private static List<EventSequence> Sequences(int streams, long seed, int length) =>
    [
        .. Simulator.Streams("long-memory", streams, seed, DateTimeOffset.UnixEpoch).Select(stream =>
        {
            SimulatedEvent[] events = [.. Enumerable.Range(0, length).Select(_ => stream.Next())];
            return new EventSequence(stream.Key, [.. events.Select(e => e.TimeSeconds)], [.. events.Select(e => e.Mark)]);
        }),
    ];
}
