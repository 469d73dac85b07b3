using Foretell.Ingest.Files;
using Foretell.Ingest.Simulation;
using Foretell.Models.Configuration;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
using Foretell.Support;

namespace Foretell.Cli.Tests;

/// <summary>What the general model that comes with the program is worth on streams that nobody trained it on. docs/models.md has the
/// measurements.</summary>
public sealed class GeneralModelTests
{
    private static readonly ForecastModel s_model = ForecastModel.Load(Repository.At("src/Cli/Models/general.safetensors"));

    [Theory]
    [InlineData("taxi/train.jsonl", "taxi/dev.jsonl", 3600, 1)]
    [InlineData("hawkes1/train.jsonl", "hawkes1/test.jsonl", 1, 0)]
    [InlineData("shifted/so_fast/train.jsonl", "shifted/so_fast/test.jsonl", 86_400, 0)]
    public void Times_OfRealStreams_AreForecastNearlyAsByATrainedMixture(string train, string test, double unit, double tick)
    {
        List<EventSequence> known = InSeconds(SharedData.PathOf(train), unit, tick);
        List<EventSequence> scored = InSeconds(SharedData.PathOf(test), unit, tick);
        double[] gaps = [.. known.SelectMany(s => s.Times.Zip(s.Times.Skip(1), (a, b) => b - a))];
        double[] logs = [.. gaps.Where(gap => gap > 0).Select(gap => Math.Log(gap))];
        double mean = logs.Average();
        var config = new ModelConfig
        {
            Resolution = tick, GapFloor = gaps.Where(gap => gap > 0).Min() / 2, LogGapMean = mean,
            LogGapDeviation = Math.Sqrt(logs.Average(x => (x - mean) * (x - mean))),
        };
        var trained = Baselines.Fit(config, gaps, [], []);
        double mixture = -scored.SelectMany(s => s.Times.Zip(s.Times.Skip(1), (a, b) => trained.LogMixture(b - a))).Average();

        Evaluation evaluation = Evaluator.Evaluate(s_model, scored, threads: 2);

        Assert.InRange(evaluation.NllTime, double.NegativeInfinity, mixture + 0.15);
    }

    [Fact]
    public void Times_OfStreamsOfAnyPace_AreForecastNearlyAsByTheTruth()
    {
        const long Seed = 20261201;
        double truth = 0;
        var sequences = new List<EventSequence>();
        foreach (SimulatedStream stream in Simulator.Streams("any-pace", 300, Seed, DateTimeOffset.UnixEpoch))
        {
            SimulatedEvent[] events = [.. Enumerable.Range(0, 100).Select(_ => stream.Next())];
            // Whether a stream goes on is no matter of its gaps.
            truth -= events.Skip(1).Sum(e => e.LogDensity - Math.Log(0.99));
            sequences.Add(new EventSequence(stream.Key, [.. events.Select(e => e.TimeSeconds - events[0].TimeSeconds)], null));
        }

        double nll = Evaluator.Evaluate(s_model, sequences, threads: 2).NllTime;

        Assert.InRange(nll - truth / (300 * 99), 0, 0.3);
    }

    private static List<EventSequence> InSeconds(string path, double unit, double tick) =>
        [.. EventFile.ReadSequences(path).Select(s => s with
        {
            Times = Array.ConvertAll(s.Times, time => tick > 0 ? Math.Round(time * unit / tick) * tick : time * unit),
        })];
}
