using Foretell.Ingest.Simulation;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Bench;

/// <summary>Expected counts of the built-in model against what the simulator then does, and what those of a thousand streams
/// cost.</summary>
/// <remarks>A mean gap is the stream's own over <see cref="LongRun"/> events, or that of the history that the model has seen.</remarks>
internal static class CountBench
{
    private const long Seed = 77;
    private const int Streams = 2000, History = 100, Longest = 20_000, LongRun = 5000;
    private static readonly int[] s_horizons = [1, 10, 100];

    public static Task RunAsync()
    {
        var model = ForecastModel.Load(Path.Combine(AppContext.BaseDirectory, "Models", "demo.safetensors"));
        foreach (bool adapts in new[] { false, true })
        {
            Console.WriteLine(adapts ? "adapting:" : "as trained:");
            Run(model.WithAdaptation(adapts));
        }
        return Task.CompletedTask;
    }

    private static void Run(ForecastModel model)
    {
        var forecaster = new Forecaster(model);
        Console.WriteLine("kind, mean gap, silence and horizon in mean gaps: expected (standard error), what came (standard error), ratio; "
            + "within the 80% interval");
        List<Forecast> all = [];
        foreach (string kind in new[] { "renewal", "self-correcting", "hawkes", "daily" })
        {
            foreach ((bool ofHistory, int silence) in new[] { (false, 0), (false, 10), (true, 0), (true, 10) })
            {
                SimulatedStream[] streams = [.. Simulator.Streams(kind, Streams, Seed, DateTimeOffset.UnixEpoch)];
                double[] meanGaps = ofHistory ? new double[Streams]
                    : [.. Simulator.Streams(kind, Streams, Seed, DateTimeOffset.UnixEpoch).Select(MeanGap)];
                Stand[] stands = [.. streams.Zip(meanGaps).AsParallel().AsOrdered()
                    .Select(x => Stand.Of(model, x.First, silence, x.Second)).OfType<Stand>()];
                string title = $"{kind,-16} {(ofHistory ? "history" : "stream"),-8} {silence,3}";
                if (stands.Length < Streams / 10)
                {
                    Console.WriteLine($"{title}      only {stands.Length} of {Streams} streams were ever silent for so long");
                    continue;
                }
                foreach (int horizon in s_horizons)
                {
                    Compare(forecaster, title, horizon, stands);
                }
                all.AddRange(stands.Take(200).Select(s => forecaster.Forecast(s.State, s.Silence)));
            }
        }
        Cost(forecaster, all);
    }

    private static double MeanGap(SimulatedStream stream)
    {
        double first = stream.Next().TimeSeconds, last = first;
        for (int t = 0; t < LongRun; t++)
        {
            last = stream.Next().TimeSeconds;
        }
        return (last - first) / LongRun;
    }

    private static void Compare(Forecaster forecaster, string title, int horizon, Stand[] stands)
    {
        (CountForecast Expected, double Came)[] counts = [.. stands.AsParallel().AsOrdered().Select(s =>
            (forecaster.Forecast(s.State, s.Silence).Count(horizon * s.MeanGap), (double)s.Future.Count(t => t <= horizon * s.MeanGap)))];
        double expected = counts.Average(c => c.Expected.Mean), came = counts.Average(c => c.Came);
        double sampling = Math.Sqrt(counts.Sum(c => c.Expected.StandardError * c.Expected.StandardError)) / counts.Length;
        double error = Math.Sqrt(counts.Average(c => (c.Came - came) * (c.Came - came)) / counts.Length);
        double within = counts.Average(c => c.Came >= c.Expected.Quantile(0.1) && c.Came <= c.Expected.Quantile(0.9) ? 1.0 : 0);
        Console.WriteLine(FormattableString.Invariant(
            $"{title} {horizon,4}   {expected,8:0.000} ({sampling:0.000}), {came,8:0.000} ({error:0.000}), {expected / came:0.000}; {within:0.00}"));
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
        /// <param name="model">Model of the state.</param>
        /// <param name="stream">The stream, from its beginning.</param>
        /// <param name="silence">Mean gaps.</param>
        /// <param name="longRun">The mean gap, seconds; 0 for that of the history.</param>
        public static Stand? Of(ForecastModel model, SimulatedStream stream, int silence, double longRun)
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
                double meanGap = longRun > 0 ? longRun : (last - first) / Math.Max(1, t), now = last + silence * meanGap;
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
