using System.Diagnostics;
using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Stepping;

namespace Foretell.Bench;

/// <summary>What forecasts of values add to score and step: the same events without values and with 1, 4 and 16, in turn.</summary>
internal static class ValueBench
{
    private const int Seed = 1, Rows = 4096, Batch = 256, Rounds = 200, WarmUp = 10;
    private static readonly int[] s_values = [0, 1, 4, 16];

    public static Task RunAsync()
    {
        ForecastModel[] models = Array.ConvertAll(s_values, v => ForecastModel.Untrained(StepBench.Config(64, 2) with
        {
            Adapt = true,
            ForecastsValues = v > 0,
            Values = v == 0 ? null : [.. Enumerable.Range(0, v).Select(i => new ValueScale($"value-{i}", 0, 1))],
        }, Seed));
        CpuStateBackend[] backends = Array.ConvertAll(models, model => new CpuStateBackend(model));
        Array.ForEach(backends, b => b.EnsureCapacity(Rows));
        var random = new RandomStream(Seed);
        StepInput[][] waves = [.. Enumerable.Range(0, Rows / Batch).Select(w => Wave(random, w))];
        float[] values = [.. Enumerable.Range(0, Batch * s_values.Max()).Select(_ => (float)random.NextNormal())];
        var times = new double[Rounds][];
        for (int round = -WarmUp; round < Rounds; round++)
        {
            double[] each = [.. backends.Select((b, i) => Time(b, waves, values.AsSpan(0, Batch * s_values[i])))];
            if (round >= 0)
            {
                times[round] = each;
            }
        }
        for (int i = 0; i < models.Length; i++)
        {
            double ratio = times.Select(t => t[i] / t[0]).Order().ElementAt(Rounds / 2);
            Console.WriteLine(FormattableString.Invariant(
                $"{s_values[i],2} values: {times.Min(t => t[i]):0} ns an event, {ratio:0.00} times in the median, {models[i].StateBytes} bytes a stream"));
        }
        for (int i = 0; i < models.Length; i++)
        {
            TellForecasts(models[i], backends[i]);
        }
        Array.ForEach(backends, b => b.Dispose());
        return Task.CompletedTask;
    }

    /// <summary>What a stream's forecast takes: its values with their means and three quantiles, and counts and sums within a
    /// horizon.</summary>
    private static void TellForecasts(ForecastModel model, CpuStateBackend backend)
    {
        const double Horizon = 60;
        float[] state = new float[model.StateFloats];
        backend.Read(0, state);
        var forecaster = new Forecaster(model);
        Forecast forecast = forecaster.Forecast(state, 0);
        var one = new ParallelOptions { MaxDegreeOfParallelism = 1 };
        double told = Least(() => forecast.Values().Sum(v => v.Mean + v.Quantile(0.1) + v.Quantile(0.5) + v.Quantile(0.9)));
        double counts = Least(() => forecaster.Counts([forecast], Horizon, one)[0].Mean);
        double sums = Least(() => forecaster.Sums([forecast], Horizon, one)[0].Count);
        Console.WriteLine(FormattableString.Invariant(
            $"{model.ValueCount,2} values: {told:0.00} ms to tell them, {counts:0.0} ms to count, {sums:0.0} ms to sum up, a stream with {model.Config.Marks.Count} marks"));
    }

    /// <summary>Milliseconds, the least of some.</summary>
    private static double Least(Func<double> work) => Enumerable.Range(0, 10).Min(_ =>
    {
        long began = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    });

    private static StepInput[] Wave(RandomStream random, int wave) => [.. Enumerable.Range(0, Batch).Select(i =>
        new StepInput(wave * Batch + i, random.NextInt(10), Math.Exp(random.NextNormal()), 1, random.NextInt(10)))];

    /// <summary>Nanoseconds an event.</summary>
    private static double Time(CpuStateBackend backend, StepInput[][] waves, ReadOnlySpan<float> values)
    {
        var scores = new StepScore[Batch];
        long began = Stopwatch.GetTimestamp();
        foreach (StepInput[] wave in waves)
        {
            backend.ScoreAndStep(wave, scores, values);
        }
        return Stopwatch.GetElapsedTime(began).TotalNanoseconds / (waves.Length * Batch);
    }
}
