using Foretell.Ingest.Simulation;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Bench;

/// <summary>Expected counts of the built-in model against what the simulator then does, and what those of a thousand streams
/// cost.</summary>
internal static class CountBench
{
    private const long Seed = 77;
    private const int Streams = 200, History = 100, Longest = 20_000;
    private static readonly int[] s_horizons = [1, 10, 100];

    public static Task RunAsync()
    {
        var model = ForecastModel.Load(Path.Combine(AppContext.BaseDirectory, "Models", "demo.safetensors"));
        var forecaster = new Forecaster(model);
        List<Forecast> all = [];
        Console.WriteLine("kind, silence and horizon in mean gaps: expected, what came (standard error), ratio");
        foreach (string kind in new[] { "renewal", "self-correcting", "hawkes", "daily" })
        {
            foreach (int silence in new[] { 0, 10 })
            {
                List<Stand> stands = [.. Simulator.Streams(kind, Streams, Seed, DateTimeOffset.UnixEpoch)
                    .Select(stream => Stand.Of(model, stream, silence)).OfType<Stand>()];
                if (stands.Count < Streams / 4)
                {
                    Console.WriteLine($"{kind,-16} {silence,3}      only {stands.Count} of {Streams} streams were ever silent for so long");
                    continue;
                }
                foreach (int horizon in s_horizons)
                {
                    Compare(forecaster, kind, silence, horizon, stands);
                }
                all.AddRange(stands.Select(s => forecaster.Forecast(s.State, s.Silence)));
            }
        }
        Cost(forecaster, all);
        return Task.CompletedTask;
    }

    private static void Compare(Forecaster forecaster, string kind, int silence, int horizon, List<Stand> stands)
    {
        double expected = 0, variance = 0;
        foreach (Stand stand in stands)
        {
            CountForecast count = forecaster.Forecast(stand.State, stand.Silence).Count(horizon * stand.MeanGap);
            expected += count.Mean / stands.Count;
            variance += count.StandardError * count.StandardError / stands.Count / stands.Count;
        }
        double[] came = [.. stands.Select(s => (double)s.Future.Count(t => t <= horizon * s.MeanGap))];
        double mean = came.Average(), error = Math.Sqrt(came.Average(c => (c - mean) * (c - mean)) / came.Length);
        Console.WriteLine(FormattableString.Invariant(
            $"{kind,-16} {silence,3} {horizon,4}   {expected,8:0.000} ({Math.Sqrt(variance):0.000}), {mean,8:0.000} ({error:0.000}), {expected / mean:0.000}"));
    }

    private static void Cost(Forecaster forecaster, List<Forecast> forecasts)
    {
        Forecast[] thousand = [.. Enumerable.Range(0, 1000).Select(i => forecasts[i % forecasts.Count])];
        for (int round = 0; round < 3; round++)
        {
            TimeSpan start = Environment.CpuUsage.TotalTime;
            IReadOnlyList<CountForecast> counts = forecaster.Counts(thousand, 3600);
            double seconds = (Environment.CpuUsage.TotalTime - start).TotalSeconds;
            double error = counts.Average(c => c.StandardError / Math.Max(1, c.Mean));
            Console.WriteLine(FormattableString.Invariant(
                $"1,000 streams over 1 h: {seconds:0.00} s of processor time, mean relative standard error {error:0.000}"));
        }
    }

    /// <summary>A stream at a moment, and what it then does.</summary>
    private sealed record Stand(float[] State, double Silence, double MeanGap, double[] Future)
    {
        /// <summary>After so many events, or the first time after them that the stream is silent for long enough; null if that never
        /// comes.</summary>
        public static Stand? Of(ForecastModel model, SimulatedStream stream, int silence)
        {
            using IStateBackend backend = new CpuStateBackend(model);
            backend.EnsureCapacity(1);
            SimulatedEvent e = stream.Next();
            double first = e.TimeSeconds, last = first;
            for (int t = 0; t < Longest; t++)
            {
                int mark = model.MarkIndex(System.Text.Encoding.UTF8.GetBytes(e.Mark ?? ""));
                backend.Step([new StepInput(0, mark, t == 0 ? 0 : e.TimeSeconds - last, t)]);
                last = e.TimeSeconds;
                e = stream.Next();
                double meanGap = (last - first) / Math.Max(1, t), now = last + silence * meanGap;
                if (t < History - 1 || e.TimeSeconds <= now)
                {
                    continue;
                }
                float[] state = new float[model.StateFloats];
                backend.Read(0, state);
                List<double> future = [];
                for (; e.TimeSeconds <= now + s_horizons[^1] * meanGap; e = stream.Next())
                {
                    future.Add(e.TimeSeconds - now);
                }
                return new Stand(state, silence * meanGap, meanGap, [.. future]);
            }
            return null;
        }
    }
}
