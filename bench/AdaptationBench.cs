using System.Diagnostics;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Bench;

/// <summary>What following each stream's own habits, and what streams show together, add to score and step: the same events without and
/// with, in turn.</summary>
internal static class AdaptationBench
{
    private const int Seed = 1, Rows = 4096, Batch = 256, Rounds = 60, WarmUp = 10;

    public static Task RunAsync()
    {
        foreach ((int marks, double resolution) in new[] { (0, 0.0), (10, 0.0), (10, 0.01), (22, 0.0) })
        {
            var plain = ForecastModel.Untrained(StepBench.Config(64, 2) with
            {
                Marks = [.. Enumerable.Range(0, marks).Select(i => $"mark-{i}")],
                Resolution = resolution,
            }, Seed);
            ForecastModel adapting = plain.WithAdaptation(true);
            CpuStateBackend[] backends = [new(plain), new(adapting), new(adapting) { Population = new Population(adapting) }];
            var random = new RandomStream(Seed);
            StepInput[][] waves = [.. Enumerable.Range(0, Rows / Batch * 4).Select(w => Wave(random, w, marks))];
            var scores = new StepScore[Batch];
            var times = new List<(double Plain, double Adapting, double Sharing)>();
            Array.ForEach(backends, b => b.EnsureCapacity(Rows));
            for (int round = 0; round < WarmUp + Rounds; round++)
            {
                double[] each = [.. backends.Select(b => Time(b, waves, scores))];
                if (round >= WarmUp)
                {
                    times.Add((each[0], each[1], each[2]));
                }
            }
            double ratio = times.Select(t => t.Adapting / t.Plain).Order().ElementAt(Rounds / 2);
            double sharing = times.Select(t => t.Sharing / t.Plain).Order().ElementAt(Rounds / 2);
            Console.WriteLine(FormattableString.Invariant(
                $"{marks,2} marks, {(resolution > 0 ? "on a grid" : "continuous")}: {times.Min(t => t.Plain):0} ns without, {times.Min(t => t.Adapting):0} ns with, {ratio:0.00} times in the median, {sharing:0.00} where streams share"));
            Array.ForEach(backends, b => b.Dispose());
        }
        return Task.CompletedTask;
    }

    private static StepInput[] Wave(RandomStream random, int wave, int marks) =>
        [.. Enumerable.Range(0, Batch).Select(i => new StepInput(wave * Batch % Rows + i, marks == 0 ? 0 : random.NextInt(marks),
            Math.Exp(random.NextNormal()), 1 + wave * Batch / Rows))];

    /// <summary>Nanoseconds an event.</summary>
    private static double Time(CpuStateBackend backend, StepInput[][] waves, StepScore[] scores)
    {
        long began = Stopwatch.GetTimestamp();
        foreach (StepInput[] wave in waves)
        {
            backend.ScoreAndStep(wave, scores);
        }
        return Stopwatch.GetElapsedTime(began).TotalNanoseconds / (waves.Length * Batch);
    }
}
