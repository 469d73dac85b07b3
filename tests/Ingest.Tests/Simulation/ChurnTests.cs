using Foretell.Ingest.Simulation;
using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Training;
using Foretell.Support;

namespace Foretell.Ingest.Tests.Simulation;

/// <summary>Streams that end, with their truth; and a model that is trained on them, held to it.</summary>
public sealed class ChurnTests
{
    private const int TrainSeed = 31, DevSeed = 32, TestSeed = 33, ProcessSeed = 34;

    private static readonly DateTimeOffset s_start = new(2026, 1, 31, 7, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Next_WhenAStreamEnds_NoEventOfItFollowsAndTheTruthKnewHowLikelyThatWas()
    {
        SimulatedEvent[] events = [.. Simulator.Create("churn", 2000, ProcessSeed, s_start).Events()];

        // The simulation ends by itself, and each stream with the one event that says so.
        Assert.All(events.GroupBy(e => e.Stream), g => Assert.Equal(g.Count() - 1, g.TakeWhile(e => !e.IsLast).Count()));
        Assert.Equal(2000, events.Count(e => e.IsLast));
        foreach (IGrouping<double, SimulatedEvent> alike in events.GroupBy(e => e.Never))
        {
            int n = alike.Count();
            Assert.InRange(alike.Count(e => e.IsLast) / (double)n, alike.Key - 3.3 * Math.Sqrt(alike.Key / n),
                alike.Key + 3.3 * Math.Sqrt(alike.Key / n));
        }
        Assert.Equal([0.01, 0.02, 0.3], events.Select(e => e.Never).Distinct().Order());
    }

    [Fact]
    public void Create_WhenStreamsDoNotEnd_SaysNeverOfNone() =>
        Assert.All(Simulator.Create("demo", 20, ProcessSeed, s_start).Events().Take(2000), e =>
            Assert.Equal((0, false), (e.Never, e.IsLast)));

    [Fact]
    public void Train_WhenOpenEndsCount_ForecastsWhoIsGoneAsOftenAsItIsTrue()
    {
        var options = new TrainingOptions { Shape = new ModelConfig { Width = 16, Layers = 1, Heads = 2, Censored = true }, Epochs = 16 };
        (List<EventSequence> train, _) = Watch(TrainSeed, 1000, 25_000);
        (List<EventSequence> dev, _) = Watch(DevSeed, 250, 6250);
        ForecastModel model = Trainer.Train(train, dev, options).Model;
        (List<EventSequence> test, Dictionary<string, SimulatedEvent> last) = Watch(TestSeed, 1000, 25_000);

        (double Never, double AtOnce, SimulatedEvent Truth)[] streams = [.. test.Select(s => (
            Ask(model, s, s.Until!.Value - s.Times[^1]), Ask(model, s, 0), last[s.Id]))];

        // Who is gone at the end of the observation: reliable in every tenth (its share has a deviation of up to 0.05), and far
        // better than the share of all.
        double[] off = [.. streams.OrderBy(s => s.Never).Chunk(100)
            .Select(tenth => Math.Abs(tenth.Average(s => s.Never) - tenth.Average(s => s.Truth.IsLast ? 1.0 : 0)))];
        Assert.All(off, distance => Assert.InRange(distance, 0, 0.1));
        Assert.InRange(off.Average(), 0, 0.035);
        double share = streams.Average(s => s.Truth.IsLast ? 1.0 : 0);
        double score = streams.Average(s => Log(s.Truth.IsLast, s.Never)), constant = streams.Average(s => Log(s.Truth.IsLast, share));
        Assert.True(score < constant - 0.3, $"{score} nats a stream, and a constant has {constant}.");
        // Right after an event the truth is known to the digit.
        Assert.True(streams.Average(s => Math.Abs(s.AtOnce - s.Truth.Never)) < 0.03);
        Assert.Equal(0.3, streams.Where(s => s.Truth.Never == 0.3).Average(s => s.AtOnce), 0.05);
    }

    private static double Log(bool isGone, double never) => -Math.Log(Math.Clamp(isGone ? never : 1 - never, 1e-9, 1));

    /// <summary>A simulation watched until a number of events has come: the sequences, and each stream's last event with its
    /// truth.</summary>
    private static (List<EventSequence> Sequences, Dictionary<string, SimulatedEvent> Last) Watch(int seed, int streams, int count)
    {
        SimulatedEvent[] events = [.. Simulator.Create("churn", streams, seed, s_start).Events().Take(count)];
        double until = events[^1].TimeSeconds;
        List<EventSequence> sequences = [.. events.GroupBy(e => e.Stream).Select(g =>
            new EventSequence(g.Key, [.. g.Select(e => e.TimeSeconds)], [.. g.Select(e => e.Mark)]) { Until = until })];
        return (sequences, events.GroupBy(e => e.Stream).ToDictionary(g => g.Key, g => g.Last()));
    }

    private static double Ask(ForecastModel model, EventSequence sequence, double silence)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        for (int t = 0; t < sequence.Times.Length; t++)
        {
            int mark = model.MarkIndex(System.Text.Encoding.UTF8.GetBytes(sequence.Marks![t]));
            backend.Step([new StepInput(0, mark, t == 0 ? 0 : sequence.Times[t] - sequence.Times[t - 1], t)]);
        }
        float[] state = new float[model.StateFloats];
        backend.Read(0, state);
        return new Forecaster(model).Forecast(state, silence).Never!.Value;
    }
}
