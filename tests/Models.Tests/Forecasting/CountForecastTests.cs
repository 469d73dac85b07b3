using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;

namespace Foretell.Models.Tests.Forecasting;

public class CountForecastTests
{
    private const int Seed = 93;

    [Theory]
    [InlineData(0, 2)]
    [InlineData(0, 40)]
    [InlineData(5, 40)]
    [InlineData(5, 400)]
    public void Count_WhenPathsAreDrawnToTheEnd_AgreesWithTheirCounts(double silence, double horizon)
    {
        (ForecastModel model, float[] state) = Stream(Seed);
        Forecast forecast = new Forecaster(model).Forecast(state, silence);
        double[] counts = [.. forecast.Paths(1000, horizon).Select(p => (double)p.Events.Count).Order()];
        double mean = counts.Average(), error = Math.Sqrt(counts.Average(c => (c - mean) * (c - mean)) / counts.Length);

        CountForecast count = forecast.Count(horizon);

        Assert.Equal(mean, count.Mean, 4 * Math.Sqrt(error * error + count.StandardError * count.StandardError));
        Assert.InRange(count.StandardError, 0, 0.05 * (1 + count.Mean));
        foreach (double p in new[] { 0.1, 0.5, 0.9 })
        {
            Assert.Equal(counts[(int)(p * counts.Length)], count.Quantile(p), 2 + 0.15 * mean);
        }
    }

    [Fact]
    public void Count_WhenTheHorizonIsFar_ObeysTheLawOfTotalExpectation()
    {
        (ForecastModel model, float[] state) = Stream(Seed);
        var forecaster = new Forecaster(model);
        const double Silence = 50, Horizon = 20_000;
        Forecast forecast = forecaster.Forecast(state, Silence);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        float[] row = new float[model.StateFloats];
        double within = forecast.ProbabilityWithin(Horizon), sum = 0;
        const int First = 200;
        var random = new RandomStream(Seed);
        for (int i = 0; i < First; i++)
        {
            double wait = forecast.Quantile(within * (i + 0.5) / First);
            double[] marks = forecaster.MarkProbabilities(state.AsSpan(model.MixerFloats), [(Silence + wait, 1)]);
            backend.Write(0, state);
            backend.Step([new StepInput(0, Categorical.DrawFrom(marks, random), Silence + wait, 30)]);
            backend.Read(0, row);
            sum += 1 + (wait < Horizon ? forecaster.Forecast(row, 0).Count(Horizon - wait).Mean : 0);
        }

        CountForecast count = forecast.Count(Horizon);

        Assert.True(count.Mean > 1000);
        Assert.Equal(within * sum / First, count.Mean, 0.02 * count.Mean + 2 * count.StandardError);
    }

    [Fact]
    public void Counts_WhenStreamsAreMany_KeepWithinTheirBudgetAndTellTheError()
    {
        ForecastModel model = TestModels.Model();
        var forecaster = new Forecaster(model);
        Forecast[] forecasts = [.. Enumerable.Range(0, 50).Select(i => forecaster.Forecast(Stream(Seed + i, model).State, 0))];

        IReadOnlyList<CountForecast> together = forecaster.Counts(forecasts, 100), again = forecaster.Counts(forecasts, 100);

        for (int i = 0; i < forecasts.Length; i++)
        {
            CountForecast alone = forecasts[i].Count(100);
            Assert.Equal((together[i].Mean, together[i].StandardError), (again[i].Mean, again[i].StandardError));
            Assert.Equal(alone.Mean, together[i].Mean, 5 * (alone.StandardError + together[i].StandardError));
        }
    }

    [Fact]
    public void Paths_WhenTheStateIsTheSame_AreTheSameWhateverIsAskedWithIt()
    {
        ForecastModel model = TestModels.Model();
        var forecaster = new Forecaster(model);
        Forecast one = forecaster.Forecast(Stream(Seed, model).State, 1), other = forecaster.Forecast(Stream(Seed + 1, model).State, 1);

        IReadOnlyList<SampledPath> alone = one.Paths(10, 20), together = forecaster.Paths([other, one], 5, 20)[1];

        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(alone[i].Events, together[i].Events);
            Assert.Equal(20, alone[i].Until);
            Assert.True(alone[i].Events.Zip(alone[i].Events.Skip(1)).All(e => e.First.Seconds <= e.Second.Seconds));
            Assert.All(alone[i].Events, e => Assert.Contains(e.Mark, model.Config.Marks));
        }
        Assert.NotEqual(forecaster.Paths([other], 5, 20)[0][0].Events, alone[0].Events);
    }

    [Fact]
    public void Paths_WhenTimesSitOnAClock_KeepToIt()
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config() with { Resolution = 0.25 }, TestModels.WeightsSeed);
        foreach (SampledPath path in new Forecaster(model).Forecast(Stream(Seed, model).State, 0).Paths(20, 30))
        {
            foreach ((SampledEvent before, SampledEvent after) in path.Events.Zip(path.Events.Skip(1)))
            {
                double ticks = (after.Seconds - before.Seconds) / 0.25;
                Assert.Equal(Math.Round(ticks), ticks, 1e-6);
            }
        }
    }

    internal static (ForecastModel Model, float[] State) Stream(int seed, ForecastModel? model = null)
    {
        model ??= TestModels.Model();
        EventSequence history = TestModels.History(30, seed: seed);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        for (int t = 0; t < 30; t++)
        {
            double gap = t == 0 ? 0 : history.Times[t] - history.Times[t - 1];
            backend.Step([new StepInput(0, model.MarkIndices[history.Marks![t]], gap, t)]);
        }
        float[] state = new float[model.StateFloats];
        backend.Read(0, state);
        return (model, state);
    }
}
