using System.Text;
using Foretell.Ingest.Simulation;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Foretell.Support;

namespace Foretell.Cli.Tests;

/// <summary>What the counts of the model that comes with the program are worth.</summary>
public class BuiltInModelTests
{
    private const long Seed = 71;
    private const int Streams = 400, History = 100, LongRun = 2000;
    private static readonly ForecastModel s_model = ForecastModel.Load(Repository.At("src/Cli/Models/demo.safetensors"));
    private static readonly Forecaster s_forecaster = new(s_model);

    [Theory]
    [InlineData("renewal", 10)]
    [InlineData("renewal", 100)]
    [InlineData("self-correcting", 10)]
    [InlineData("self-correcting", 100)]
    [InlineData("hawkes", 10)]
    [InlineData("hawkes", 100)]
    [InlineData("daily", 10)]
    [InlineData("renewal", 100, true)]
    [InlineData("self-correcting", 100, true)]
    [InlineData("hawkes", 10, true)]
    [InlineData("hawkes", 100, true)]
    public void Count_OfTheSimulatorsStreams_IsWhatTheyThenDoOnAverage(string kind, double horizon, bool adapt = false)
    {
        ForecastModel model = s_model.WithAdaptation(adapt);
        var forecaster = new Forecaster(model);
        (double Expected, double Came)[] counts = [.. Simulator.Streams(kind, Streams, Seed, DateTimeOffset.UnixEpoch)
            .Zip(Simulator.Streams(kind, Streams, Seed, DateTimeOffset.UnixEpoch)).AsParallel().AsOrdered().Select(twins =>
            {
                double within = horizon * MeanGap(twins.Second);
                (float[] state, double now, SimulatedEvent next) = Follow(twins.First, model);
                double came = 0;
                for (; next.TimeSeconds <= now + within; next = twins.First.Next())
                {
                    came++;
                }
                return (forecaster.Forecast(state, 0).Count(within).Mean, came);
            })];
        double expected = counts.Average(c => c.Expected), mean = counts.Average(c => c.Came);
        double error = Math.Sqrt(counts.Average(c => (c.Came - mean) * (c.Came - mean)) / counts.Length);

        Assert.Equal(mean, expected, 0.05 * mean + 2 * error);
    }

    [Fact]
    public void Count_WithOtherRandomNumbers_DiffersByItsStandardError()
    {
        // The random numbers follow from the state and its silence: next to no silence changes nothing but them.
        const int Others = 10;
        int inside = 0, asked = 0;
        foreach (string kind in new[] { "renewal", "self-correcting", "hawkes" })
        {
            foreach (SimulatedStream stream in Simulator.Streams(kind, 5, Seed, DateTimeOffset.UnixEpoch))
            {
                (float[] state, double now, _) = Follow(stream, s_model);
                foreach (double horizon in new[] { 300.0, 3_600, 86_400 })
                {
                    CountForecast[] counts = [.. Enumerable.Range(0, Others).AsParallel().AsOrdered()
                        .Select(k => s_forecaster.Forecast(state, k * 1e-12).Count(horizon))];
                    double mean = counts.Average(c => c.Mean);
                    inside += counts.Count(c => Math.Abs(c.Mean - mean) <= 1.96 * c.StandardError);
                    asked += Others;
                }
            }
        }

        Assert.InRange(inside / (double)asked, 0.93, 1);
    }

    [Theory]
    [InlineData(1, 7)]
    [InlineData(30, 90)]
    public void Count_AfterALongSilence_ObeysTheLawOfTotalExpectation(double silenceDays, double horizonDays)
    {
        const double Day = 86_400;
        const int First = 40;
        using IStateBackend backend = new CpuStateBackend(s_model);
        backend.EnsureCapacity(1);
        int mark = s_model.MarkIndex("view"u8);
        for (int t = 0; t < 50; t++)
        {
            backend.Step([new StepInput(0, mark, t == 0 ? 0 : 60, t)]);
        }
        float[] state = new float[s_model.StateFloats], row = new float[s_model.StateFloats];
        backend.Read(0, state);
        double silence = silenceDays * Day, horizon = horizonDays * Day;
        Forecast forecast = s_forecaster.Forecast(state, silence);
        double within = forecast.ProbabilityWithin(horizon), sum = 0, variance = 0;
        for (int i = 0; i < First; i++)
        {
            double wait = forecast.Quantile(within * (i + 0.5) / First);
            // Each first event with its share of all marks; so late they no longer depend on how late.
            MarkProbability[] marks = [.. s_forecaster.Forecast(state, silence + wait).Marks().Where(m => m.Probability > 0.02)];
            foreach ((string name, double probability) in marks)
            {
                backend.Write(0, state);
                backend.Step([new StepInput(0, s_model.MarkIndex(Encoding.UTF8.GetBytes(name)), silence + wait, 50)]);
                backend.Read(0, row);
                CountForecast rest = s_forecaster.Forecast(row, 0).Count(horizon - wait);
                double share = within * probability / marks.Sum(m => m.Probability) / First;
                sum += share * (1 + rest.Mean);
                variance += share * share * rest.StandardError * rest.StandardError;
            }
        }

        CountForecast count = forecast.Count(horizon);

        Assert.Equal(sum, count.Mean, 0.02 * sum + 2 * Math.Sqrt(variance + count.StandardError * count.StandardError));
    }

    /// <summary>A stream after <see cref="History"/> events: its state, the time of its last event and the event that comes.</summary>
    private static (float[] State, double Now, SimulatedEvent Next) Follow(SimulatedStream stream, ForecastModel model)
    {
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        SimulatedEvent e = stream.Next();
        double last = e.TimeSeconds;
        for (int t = 0; t < History; t++, e = stream.Next())
        {
            backend.Step([new StepInput(0, model.MarkIndex(Encoding.UTF8.GetBytes(e.Mark ?? "")), e.TimeSeconds - last, t)]);
            last = e.TimeSeconds;
        }
        float[] state = new float[model.StateFloats];
        backend.Read(0, state);
        return (state, last, e);
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
}
