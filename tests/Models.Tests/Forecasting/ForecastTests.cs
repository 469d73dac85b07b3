using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Tests.PointProcess;

namespace Foretell.Models.Tests.Forecasting;

public class ForecastTests
{
    private const int SampleSeed = 71;

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(500)]
    public void Sample_WhenDrawnAMillionTimes_AgreesWithTheClosedForms(double silence)
    {
        const int draws = 1_000_000;
        (ForecastModel model, float[] state) = Stream(30);
        Forecast forecast = new Forecaster(model).Forecast(state, silence);
        var random = new RandomStream(SampleSeed);
        var waits = new double[draws];
        var marks = new Dictionary<string, int>();
        for (int i = 0; i < draws; i++)
        {
            (waits[i], string mark) = forecast.Sample(random);
            marks[mark] = marks.GetValueOrDefault(mark) + 1;
        }
        Array.Sort(waits);
        // Kolmogorov: the distance exceeds 1.95 / sqrt(n) once in a thousand seeds.
        double distance = 0;
        for (int i = 0; i < draws; i += 97)
        {
            distance = Math.Max(distance, Math.Abs(forecast.ProbabilityWithin(waits[i]) - (i + 0.5) / draws));
        }
        Assert.True(distance < 1.95 / Math.Sqrt(draws), $"Distance {distance}.");
        foreach (MarkProbability mark in forecast.Marks())
        {
            double share = marks.GetValueOrDefault(mark.Mark) / (double)draws;
            Assert.True(Math.Abs(share - mark.Probability) < 4 * Math.Sqrt(0.25 / draws) + 1e-3,
                $"{mark.Mark}: sampled {share}, closed form {mark.Probability}.");
        }
    }

    [Fact]
    public void Forecast_WhenTheModelIsOfAnEarlierRelease_IsWhatItWasButForTheTail()
    {
        // Taken before forecasts had a tail, whose share is one in ten thousand: nothing else of theirs may change.
        ForecastModel model = ForecastModel.Load(Path.Combine(AppContext.BaseDirectory, "Weights", "Releases", "model-1.safetensors"));
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        var score = new StepScore[1];
        foreach ((string mark, double gap, int ordinal) in new[] { ("view", 0.0, 0), ("cart", 7.5, 1), ("view", 95, 2), ("buy", 12, 3) })
        {
            backend.ScoreAndStep([new StepInput(0, model.MarkIndices[mark], gap, ordinal)], score);
        }
        float[] state = new float[model.StateFloats];
        backend.Read(0, state);
        Forecast forecast = new Forecaster(model).Forecast(state, 20);

        double[] told = [score[0].Time, score[0].Pit, score[0].PValue, forecast.LogSurvival, forecast.Mean, forecast.Quantile(0.5),
            forecast.ProbabilityWithin(60)];
        double[] before =
            [-3.3553617, 0.577444613, 0.125581458, -1.273211305, 100.505139022, 63.699832881, 0.482050168];
        Assert.All(before.Zip(told), pair => AssertEx.Relative(pair.First, pair.Second, 1e-3));
    }

    [Fact]
    public void Quantile_RisesAndInvertsTheProbability()
    {
        (ForecastModel model, float[] state) = Stream(30);
        foreach (double silence in new[] { 0, 1e-6, 2, 1e4, 1e12 })
        {
            Forecast forecast = new Forecaster(model).Forecast(state, silence);
            double last = 0;
            for (int i = 1; i < 1000; i++)
            {
                double quantile = forecast.Quantile(i / 1000.0);
                Assert.True(quantile >= last && double.IsFinite(quantile));
                Assert.Equal(i / 1000.0, forecast.ProbabilityWithin(quantile), 1e-6);
                last = quantile;
            }
        }
    }

    [Fact]
    public void Survival_FallsWithSilenceAndItsLogarithmStaysFinite()
    {
        (ForecastModel model, float[] state) = Stream(30);
        double last = 0;
        for (double silence = 1e-9; silence < 1e15; silence *= 3)
        {
            Forecast forecast = new Forecaster(model).Forecast(state, silence);
            Assert.True(forecast.LogSurvival <= last && double.IsFinite(forecast.LogSurvival));
            Assert.Equal(forecast.LogSurvival, new Forecaster(model).LogSurvival(state, silence), 1e-9 * (1 - last));
            last = forecast.LogSurvival;
        }
        // The tail's last digits: its share by a silence of 1e15 gaps.
        Assert.InRange(last, -60, -30);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 0.2)]
    [InlineData(0.5, 0)]
    [InlineData(40, 0)]
    public void LogSurvivals_WhenAskedForManyStreams_GivesWhatEachWouldGive(double resolution, double ties)
    {
        (ForecastModel model, float[] state) = Stream(30, resolution: resolution, ties: ties);
        var random = new RandomStream(SampleSeed);
        // More than a tile of rows, and not a whole number of them.
        double[] silences = [0, .. Enumerable.Range(0, 130).Select(_ => Math.Exp(8 * random.NextNormal()))];
        float[][] states = [.. silences.Select(_ => Array.ConvertAll(state, x => x + (float)(0.3 * random.NextNormal())))];
        double[] together = new double[silences.Length];

        new Forecaster(model).LogSurvivals([.. states.SelectMany(s => s[model.MixerFloats..])], silences, together,
            new double[silences.Length]);

        Assert.Equal(0, together[0]);
        for (int i = 0; i < silences.Length; i++)
        {
            double alone = new Forecaster(model).LogSurvival(states[i], silences[i]);
            Assert.Equal(alone, together[i], (resolution > 0 ? 1e-9 : 1e-11) * Math.Abs(alone) + 1e-13);
        }
        Assert.Contains("2 silences need 64 floats", Assert.Throws<ArgumentException>(
            () => new Forecaster(model).LogSurvivals(new float[32], [1, 2], new double[2], new double[2])).Message);
    }

    [Fact]
    public void LogSurvivals_WhenTheModelTellsWhoIsGone_TellItAsTheForecastDoes()
    {
        var config = new ModelConfig { Width = 16, Layers = 1, Heads = 2, Components = 16, Censored = true };
        ForecastModel model = ForecastModel.Untrained(config, seed: 1);
        var random = new RandomStream(SampleSeed);
        double[] silences = [0, 1e-3, 1, 10, 60, 3600, 1e6];
        float[][] states =
            [.. silences.Select(_ => Enumerable.Range(0, model.StateFloats).Select(_ => (float)random.NextNormal()).ToArray())];
        double[] neverLogit = new double[silences.Length];

        new Forecaster(model).LogSurvivals([.. states.SelectMany(s => s[model.MixerFloats..])], silences,
            new double[silences.Length], neverLogit);

        for (int i = 0; i < silences.Length; i++)
        {
            Assert.Equal(new Forecaster(model).Forecast(states[i], silences[i]).Never!.Value, 1 / (1 + Math.Exp(-neverLogit[i])), 1e-6);
        }
    }

    [Fact]
    public void Marks_WhenFewAreAsked_AreTheLikeliestAndTheRestIsTold()
    {
        (ForecastModel model, float[] state) = Stream(30);
        Forecast forecast = new Forecaster(model).Forecast(state, 5);
        IReadOnlyList<MarkProbability> all = forecast.Marks();
        for (int most = 0; most <= all.Count + 1; most++)
        {
            IReadOnlyList<MarkProbability> marks = forecast.Marks(most, out int others, out double otherProbability);

            Assert.Equal(all.Take(most), marks);
            Assert.Equal(all.Count - marks.Count, others);
            Assert.Equal(all.Skip(most).Sum(m => m.Probability), otherProbability, 1e-12);
        }
    }

    [Fact]
    public void Marks_SumToOneAndAreSorted()
    {
        (ForecastModel model, float[] state) = Stream(30);
        foreach (double silence in new[] { 0, 5, 1e9 })
        {
            IReadOnlyList<MarkProbability> marks = new Forecaster(model).Forecast(state, silence).Marks();
            Assert.Equal(1, marks.Sum(m => m.Probability), 1e-9);
            Assert.Equal(marks.OrderByDescending(m => m.Probability), marks);
        }
    }

    [Fact]
    public void Marks_WhenThereIsOne_AreCertainAndNoMore()
    {
        ForecastModel model = TestModels.Model(marks: 1);
        var random = new RandomStream(SampleSeed);
        float[] state = [.. Enumerable.Range(0, model.StateFloats).Select(_ => (float)random.NextNormal())];
        for (double silence = 1e-3; silence < 1e9; silence *= 1.5)
        {
            double certain = Assert.Single(new Forecaster(model).Forecast(state, silence).Marks()).Probability;
            Assert.InRange(certain, 1 - 1e-9, 1);
        }
    }

    [Fact]
    public void Count_RisesWithTheHorizonAndIsNeverBelowTheProbabilityOfOne()
    {
        (ForecastModel model, float[] state) = Stream(30);
        Forecast forecast = new Forecaster(model).Forecast(state, 0.5);
        double last = 0;
        foreach (double horizon in new[] { 0.01, 0.1, 1, 10, 100, 1e5 })
        {
            double count = forecast.Count(horizon).Mean;
            Assert.True(count >= forecast.ProbabilityWithin(horizon) - 1e-12 && count >= last && double.IsFinite(count));
            Assert.Equal(count, forecast.Count(horizon).Mean);
            last = count;
        }
        Assert.True(last > 100, $"100,000 time units at a gap of about one hold many events, got {last}.");
    }

    [Fact]
    public void Forecast_WhenSilenceIsNegativeOrStateHasAnotherLength_Throws()
    {
        (ForecastModel model, float[] state) = Stream(3);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Forecaster(model).Forecast(state, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Forecaster(model).Forecast(state, double.NaN));
        Assert.Throws<ArgumentException>(() => new Forecaster(model).Forecast(state.AsSpan(1), 0));
    }

    [Fact]
    public void Step_WhenAStreamHasAMillionEvents_KeepsItsBytesAndItsSense()
    {
        foreach (bool decay in new[] { true, false })
        {
            ForecastModel model = TestModels.Model(decay, width: 16);
            using IStateBackend backend = new CpuStateBackend(model);
            backend.EnsureCapacity(1);
            var random = new RandomStream(SampleSeed);
            var state = new float[model.StateFloats];
            var medians = new List<double>();
            for (int t = 0; t < 1_000_000; t++)
            {
                backend.Step([new StepInput(0, random.NextInt(4), Math.Exp(random.NextNormal()), t)]);
                if (t is 9 or 999 or 999_999)
                {
                    backend.Read(0, state);
                    Forecast forecast = new Forecaster(model).Forecast(state, 1);
                    medians.Add(forecast.Quantile(0.5));
                    Assert.All(state, x => Assert.True(float.IsFinite(x)));
                    Assert.Equal(1, forecast.Marks().Sum(m => m.Probability), 1e-9);
                }
            }
            // The model is random and its input stationary: the forecast may wander, but not by orders of magnitude.
            Assert.All(medians, m => Assert.InRange(m / medians[0], 0.1, 10));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(20)]
    public void Never_WhenOpenEndsWereCounted_SharesEveryAnswerWithTheGap(double silence)
    {
        (ForecastModel model, float[] state) = Stream(30, censored: true);
        Forecast forecast = new Forecaster(model).Forecast(state, silence);
        double pi = new Forecaster(model).Forecast(state, 0).Never!.Value,
            survival = Math.Exp(new Forecaster(model).LogSurvival(state, silence));
        Assert.InRange(pi, 0.05, 0.95);
        double never = pi / (pi + (1 - pi) * survival), coming = 1 - never;
        RemainingGap gap = new Forecaster(model).Gap(state.AsSpan(model.MixerFloats), out _).Given(silence);

        Assert.Equal(never, forecast.Never!.Value, 1e-12);
        Assert.Equal(pi + (1 - pi) * survival, forecast.Survival, 1e-12);
        Assert.Equal(coming * gap.ProbabilityWithin(3), forecast.ProbabilityWithin(3), 1e-12);
        Assert.Equal(gap.RestrictedMean(model.Config.GapCeiling), forecast.Mean, 1e-9 * forecast.Mean);
        Assert.Equal(gap.Quantile(0.3), forecast.Quantile(0.3 * coming), 1e-6 * gap.Quantile(0.3));
        Assert.Equal(double.PositiveInfinity, forecast.Quantile(coming + 0.01 * never));
        Assert.Equal(1, forecast.Marks().Sum(m => m.Probability), 1e-9);
    }

    [Fact]
    public void Never_WhenSilenceGrows_RisesToOneAndTheLogarithmsStayFinite()
    {
        (ForecastModel model, float[] state) = Stream(30, censored: true);
        double last = 0, pi = new Forecaster(model).Forecast(state, 0).Never!.Value;
        for (double silence = 1e-9; silence < 1e15; silence *= 3)
        {
            Forecast forecast = new Forecaster(model).Forecast(state, silence);
            Assert.True(forecast.Never >= last && forecast.LogSurvival >= Math.Log(pi) - 1e-12);
            Assert.True(double.IsFinite(new Forecaster(model).LogSurvival(state, silence)) && double.IsFinite(forecast.Mean));
            last = forecast.Never!.Value;
        }
        Assert.Equal(1, last, 1e-12);
        Assert.True(new Forecaster(model).LogSurvival(state, 1e15) < -30,
            "Alerts need a survival that goes on falling, given that an event comes.");
    }

    [Fact]
    public void Never_WhenOpenEndsWereNotCounted_IsNull()
    {
        (ForecastModel model, float[] state) = Stream(30);
        Assert.Null(new Forecaster(model).Forecast(state, 5).Never);
    }

    [Fact]
    public void SilenceOf_WhenAskedForASurvival_InvertsTheOneOfAlerts()
    {
        foreach (bool censored in new[] { false, true })
        {
            (ForecastModel model, float[] state) = Stream(30, censored);
            foreach (double survival in new[] { 0.9, 0.5, 1e-3, 1e-9 })
            {
                Assert.Equal(Math.Log(survival), new Forecaster(model)
                    .LogSurvival(state, new Forecaster(model).SilenceOf(state, survival)), 1e-6);
            }
        }
    }

    [Fact]
    public void Sample_WhenNoEventMayCome_AgreesWithTheClosedForms()
    {
        const int draws = 200_000;
        (ForecastModel model, float[] state) = Stream(30, censored: true);
        Forecast forecast = new Forecaster(model).Forecast(state, 1);
        var random = new RandomStream(SampleSeed);
        (double Seconds, string Mark)[] samples = [.. Enumerable.Range(0, draws).Select(_ => forecast.Sample(random))];
        Assert.Equal(forecast.Never!.Value, samples.Count(s => double.IsPositiveInfinity(s.Seconds)) / (double)draws,
            4 * 0.5 / Math.Sqrt(draws));
        Assert.All(samples, s => Assert.Equal(double.IsPositiveInfinity(s.Seconds), s.Mark == ""));
        foreach (double seconds in new[] { 0.3, 1, 4 })
        {
            Assert.Equal(forecast.ProbabilityWithin(seconds), samples.Count(s => s.Seconds <= seconds) / (double)draws,
                4 * 0.5 / Math.Sqrt(draws));
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1e6)]
    public void Count_WhenNoEventMayCome_AgreesWithWholePathsStepByStep(double horizon)
    {
        const int paths = 4000;
        (ForecastModel model, float[] state) = Stream(30, censored: true);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        var random = new RandomStream(SampleSeed);
        var counts = new double[paths];
        float[] row = new float[model.StateFloats];
        for (int i = 0; i < paths; i++)
        {
            backend.Write(0, state);
            (double at, string mark) = new Forecaster(model).Forecast(state, 0.5).Sample(random);
            double gap = at + 0.5;
            for (; at <= horizon; at += gap)
            {
                backend.Step([new StepInput(0, model.MarkIndices[mark], gap, 30 + (long)counts[i]++)]);
                backend.Read(0, row);
                (gap, mark) = new Forecaster(model).Forecast(row, 0).Sample(random);
            }
        }
        double mean = counts.Average(), error = Math.Sqrt(counts.Average(c => (c - mean) * (c - mean)) / paths);
        Assert.True(error > 0);
        CountForecast count = new Forecaster(model).Forecast(state, 0.5).Count(horizon);
        Assert.Equal(mean, count.Mean, 4 * Math.Sqrt(error * error + count.StandardError * count.StandardError));
    }

    private static (ForecastModel Model, float[] State) Stream(int events, bool censored = false, double resolution = 0, double ties = 0)
    {
        ForecastModel model = ForecastModel.Untrained(
            TestModels.Config() with { Censored = censored, Resolution = resolution, Ties = ties }, TestModels.WeightsSeed);
        EventSequence history = TestModels.History(events);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        for (int t = 0; t < events; t++)
        {
            backend.Step([new StepInput(0, model.MarkIndices[history.Marks![t]], t == 0 ? 0 : history.Times[t] - history.Times[t - 1], t)]);
        }
        var state = new float[model.StateFloats];
        backend.Read(0, state);
        return (model, state);
    }
}
