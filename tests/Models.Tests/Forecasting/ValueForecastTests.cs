using Foretell.Models.Configuration;
using Foretell.Models.Forecasting;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;
using Foretell.Models.Stepping;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Forecasting;

public sealed class ValueForecastTests
{
    private const int Seed = 74, Events = 30;

    /// <summary>The first events of paths are draws of what the forecast says in closed form.</summary>
    [Theory]
    [InlineData(0, 2, 0, 11)]
    [InlineData(3, 2, 0, 12)]
    [InlineData(3, 2, 4, 13)]
    [InlineData(5, 1, 0, 14)]
    public void Values_WhenComparedWithTheFirstEventsOfPaths_AgreeWithTheirFrequencies(int marks, int values, double silence, int seed)
    {
        const int Draws = 12_000;
        (ForecastModel model, float[] state) = Stream(marks, values, seed);
        Forecast forecast = new Forecaster(model).Forecast(state, silence);
        IReadOnlyList<SampledPath> paths = forecast.Paths(Draws, 200);
        IReadOnlyList<ValueForecast> told = forecast.Values();

        Assert.Equal(model.Config.Values!.Select(v => v.Name), told.Select(v => v.Name));
        for (int v = 0; v < values; v++)
        {
            double[] all = [.. paths.Where(path => path.Events.Count > 0).Select(path => path.Events[0].Values![v])];
            double[] came = [.. all.Where(x => !double.IsNaN(x)).Order()];
            double p = told[v].Probability;
            Assert.InRange(came.Length / (double)all.Length, p - Error(p, Draws), p + Error(p, Draws));
            foreach (double q in new[] { 0.05, 0.25, 0.5, 0.75, 0.95 })
            {
                double quantile = told[v].Quantile(q), below = came.Count(x => x <= quantile) / (double)came.Length;
                Assert.InRange(below, q - Error(q, came.Length), q + Error(q, came.Length));
            }
        }

        // Four deviations, and a little for the gaps that stand for all.
        static double Error(double p, int draws) => 4 * Math.Sqrt(p * (1 - p) / draws) + 0.004;
    }

    /// <summary>The outer 1/128 on either side counts as its edge.</summary>
    [Fact]
    public void Mean_OfAValue_IsThatOfItsQuantiles()
    {
        (ForecastModel model, float[] state) = Stream(3, 2, Seed);
        foreach (ValueForecast value in new Forecaster(model).Forecast(state, 0).Values())
        {
            const int Many = 384;
            double mean = Enumerable.Range(0, Many).Average(i => value.Quantile(Math.Clamp((i + 0.5) / Many, 1.0 / 128, 127.0 / 128)));
            Assert.Equal(mean, value.Mean, 0.001 * (value.Quantile(0.9) - value.Quantile(0.1)));
            Assert.Throws<ArgumentOutOfRangeException>(() => value.Quantile(0));
        }
    }

    /// <summary>Sums against a plain simulation: each event is drawn from a forecast, its values from the forecast given gap and mark, and
    /// the row steps.</summary>
    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(3, 2, 1)]
    public void Sums_WhenComparedWithAPlainSimulation_HaveItsMeans(int marks, int values, double silence)
    {
        const int Runs = 1500;
        const double Horizon = 6;
        (ForecastModel model, float[] state) = Stream(marks, values, Seed);
        var forecaster = new Forecaster(model);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        var random = new RandomStream(Seed, 1);
        double[][] sums = [.. Enumerable.Range(0, values).Select(_ => new double[Runs])];
        float[] row = new float[model.StateFloats];
        for (int run = 0; run < Runs; run++)
        {
            state.CopyTo(row, 0);
            double now = 0, since = silence;
            for (int events = Events; ; events++)
            {
                (double wait, string mark) = forecaster.Forecast(row, since).Sample(random);
                if ((now += wait) > Horizon)
                {
                    break;
                }
                int index = marks == 0 ? 0 : model.MarkIndices[mark];
                ValueForecast[] told = forecaster.Values(row.AsSpan(model.MixerFloats), [(since + wait, index, 1)]);
                double[] came =
                    Array.ConvertAll(told, v => random.NextDouble() < v.Probability ? v.Quantile(random.NextDouble()) : double.NaN);
                for (int v = 0; v < values; v++)
                {
                    sums[v][run] += double.IsNaN(came[v]) ? 0 : came[v];
                }
                backend.Write(0, row);
                backend.Step([new StepInput(0, index, since + wait, events)],
                    [.. came.Select((x, v) => model.Config.Values![v].Standardise(x))]);
                backend.Read(0, row);
                since = 0;
            }
        }

        IReadOnlyList<ValueSum> said = forecaster.Forecast(state, silence).Sums(Horizon);

        for (int v = 0; v < values; v++)
        {
            double mean = sums[v].Average(), error = Math.Sqrt(sums[v].Average(x => (x - mean) * (x - mean)) / Runs);
            Assert.Equal(mean, said[v].Mean, 4 * Math.Sqrt(error * error + said[v].StandardError * said[v].StandardError));
            // As of so many paths as a stream's steps go far.
            Assert.InRange(said[v].StandardError, 0.25 * error, error * Math.Sqrt(Runs / 90.0) * 1.5);
            double median = said[v].Quantile(0.5), below = sums[v].Count(x => x <= median) / (double)Runs;
            Assert.InRange(below, 0.35, 0.65);
        }
    }

    [Fact]
    public void Sums_WhenTheStateIsTheSame_AreTheSameWhateverIsAskedWithIt()
    {
        (ForecastModel model, float[] state) = Stream(3, 2, Seed);
        var forecaster = new Forecaster(model);
        Forecast one = forecaster.Forecast(state, 1), other = forecaster.Forecast(Stream(3, 2, Seed + 1).State, 0);
        double[] alone = Numbers(one.Sums(5)), again = Numbers(new Forecaster(model).Forecast(state, 1).Sums(5));

        Assert.Equal(alone, again);
        Assert.Equal(alone, Numbers(forecaster.Sums([other, one], 5, new ParallelOptions { MaxDegreeOfParallelism = 1 })[1]));
        Assert.NotEqual(alone, Numbers(other.Sums(5)));

        static double[] Numbers(IReadOnlyList<ValueSum> sums) =>
            [.. sums.SelectMany(s => new[] { s.Mean, s.StandardError, s.Quantile(0.1), s.Quantile(0.9) })];
    }

    [Fact]
    public void Sums_WithinNoTime_AreNone()
    {
        (ForecastModel model, float[] state) = Stream(3, 2, Seed);
        Assert.All(new Forecaster(model).Forecast(state, 0).Sums(0),
            sum => Assert.Equal((0, 0, 0), (sum.Mean, sum.StandardError, sum.Quantile(0.99))));
    }

    /// <summary>A path that was cut is drawn out at its own pace; one that was cut at once has none.</summary>
    [Fact]
    public void Of_WhenAPathWasCut_CountsItOnAtItsPace()
    {
        SampledEvent Event(double seconds, double value) => new(seconds, "") { Values = [value, double.NaN] };
        ValueSum[] sums = ValueSum.Of(["a", "b"],
            [new([Event(1, 3), Event(2, 5)], 10), new([Event(1, 3), Event(2, 5)], 2), new([Event(0, 7)], 0)], horizonSeconds: 10);

        Assert.Equal(["a", "b"], sums.Select(s => s.Name));
        Assert.Equal((8 + 40 + 7) / 3.0, sums[0].Mean, 1e-12);
        Assert.Equal((7, 8, 40), (sums[0].Quantile(0.1), sums[0].Quantile(0.5), sums[0].Quantile(0.9)));
        Assert.Equal(Math.Sqrt((Square(8) + Square(40) + Square(7)) / 2 / 3), sums[0].StandardError, 1e-12);
        Assert.Equal((0, 0), (sums[1].Mean, sums[1].StandardError));
        Assert.Throws<ArgumentOutOfRangeException>(() => sums[0].Quantile(1));

        static double Square(double x) => (x - 55 / 3.0) * (x - 55 / 3.0);
    }

    [Fact]
    public void Everything_WhereNoValuesAreForecast_IsEmpty()
    {
        (ForecastModel model, float[] state) = Stream(3, 0, Seed);
        Forecast forecast = new Forecaster(model).Forecast(state, 0);
        Assert.Empty(forecast.Values());
        Assert.Empty(forecast.Sums(5));
        Assert.All(forecast.Paths(5, 5).SelectMany(p => p.Events), e => Assert.Null(e.Values));
    }

    private static (ForecastModel Model, float[] State) Stream(int marks, int values, int seed)
    {
        ModelConfig config = TestModels.Config(marks: marks, width: 16, layers: 1, heads: 2).WithValues(values);
        ForecastModel model = ForecastModel.Untrained(config, TestModels.WeightsSeed);
        EventSequence history = TestModels.History(Events, marks, seed).WithValues(config, seed: seed);
        float[] z = config.Values is null ? [] : EncodedValues.Standardise(history, config.Values);
        using IStateBackend backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        for (int t = 0; t < Events; t++)
        {
            double gap = t == 0 ? 0 : history.Times[t] - history.Times[t - 1];
            backend.Step([new StepInput(0, marks == 0 ? 0 : model.MarkIndices[history.Marks![t]], gap, t)], z.AsSpan(t * values, values));
        }
        float[] state = new float[model.StateFloats];
        backend.Read(0, state);
        return (model, state);
    }
}
