using Foretell.Models.Comparison;
using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;
using Foretell.Models.Series;

namespace Foretell.Models.Tests.Series;

/// <summary>Simple methods, scores and the table.</summary>
public sealed class SeriesComparisonTests
{
    private const int Seed = 72;

    /// <summary>Straight lines of a window say two waves without noise to the end.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Fit_OfWavesWithoutNoise_ForecastsThem(bool isWeighted)
    {
        float[] readings = [.. Enumerable.Range(0, 616).Select(t => (float)(Math.Sin(0.3 * t) + 0.5 * Math.Cos(0.11 * t)))];
        var series = new SeriesChannel("s", "v", readings, 600, 0, 0);
        using LinearForecast linear = LinearForecast.Fit([series with { Count = 500 }], 48, 20, 1e-3, isWeighted);
        float[] said = new float[60 * linear.Stride];

        linear.Run(series.Readings, 520, 60, said);

        Assert.All(Enumerable.Range(0, 60 * 20), i =>
            Assert.Equal(readings[520 + i / 20 + i % 20], said[i / 20 * linear.Stride + i % 20], 1e-2));
    }

    /// <summary>Where nothing but the penalty is left, a forecast is the last reading.</summary>
    [Fact]
    public void Fit_WithAnEndlessPenalty_IsTheLastReading()
    {
        SeriesChannel series = Channels(200)[0];
        using LinearForecast linear = LinearForecast.Fit([series], 48, 3, 1e12, isWeighted: false);
        float[] said = new float[linear.Stride];

        linear.Run(series.Readings, 100, 1, said);

        Assert.All(said[..3], x => Assert.Equal(series.Readings[99], x, 1e-4));
    }

    /// <summary>MSE, MAE, pinball and the share inside, by plain loops over origins, steps and quantiles.</summary>
    [Fact]
    public void Of_SomeForecasts_IsWhatPlainLoopsSay()
    {
        const int Window = 10, Horizon = 3, Past = 15, Count = 40;
        SeriesChannel series = Channels(Count)[0] with { Past = Past };
        double Said(int origin, int h) => 0.1 * (origin % 4) + 0.2 * h;
        double Offset(int h, int k) => (h + 1) * (SeriesScore.Quantiles[k] - 0.5);

        var score = SeriesScore.Of([series], Window, Horizon, (s, from, count) => new SeriesForecasts(from, count, Horizon, Horizon,
            [.. Enumerable.Range(0, count * Horizon).Select(i => (float)Said(from + i / Horizon, i % Horizon))],
            (_, h, k) => Offset(h, k)), threads: 2);

        double square = 0, distance = 0, pinball = 0, inside = 0;
        int n = 0;
        for (int origin = Past; origin + Horizon <= Count; origin++)
        {
            for (int h = 0; h < Horizon; h++, n++)
            {
                double truth = series.Readings[origin + h], error = truth - (float)Said(origin, h);
                square += error * error;
                distance += Math.Abs(error);
                double[] quantiles = [.. Enumerable.Range(0, 9).Select(k => (float)Said(origin, h) + Offset(h, k))];
                pinball += 2 * quantiles.Select((q, k) =>
                    truth >= q ? (k + 1) / 10.0 * (truth - q) : (9 - k) / 10.0 * (q - truth)).Average();
                inside += truth >= quantiles[0] && truth <= quantiles[8] ? 1 : 0;
            }
        }
        Assert.Equal(Count - Horizon - Past + 1, score.Origins);
        Assert.Equal(square / n, score.Mse, 1e-9);
        Assert.Equal(distance / n, score.Mae, 1e-9);
        Assert.Equal(pinball / n, score.Pinball, 1e-9);
        Assert.Equal(inside / n, score.Inside, 1e-9);
        Assert.Equal(score.Mse, score.MseBySteps.Average(), 1e-9);
    }

    /// <summary>Noise is eight times as wide in some stretches: a form that has read it says so, where a simple method has one width for
    /// all.</summary>
    [Fact]
    public void Run_WhereNoiseComesAndGoes_TellsItsWidthBetterThanSimpleMethods()
    {
        var options = new SeriesComparisonOptions
        {
            Forms = [ComparisonForm.Parse("aaren")],
            Seeds = 2,
            Series = TestSeries.Small().Shape.Series!,
            Training = TestSeries.Small() with { Epochs = 12 },
        };
        var comparison = new SeriesComparison([TestSeries.Stream(3000, Seed)], [TestSeries.Stream(600, Seed + 1, start: 3000)], options);

        SeriesRow[] rows = [.. comparison.Run()];

        Assert.Equal((1, 596L), (comparison.Series, comparison.Origins));
        Assert.Equal(["last value", "seasonal naive", "linear on 48", "aaren"], rows.Select(r => r.Name));
        Assert.True(rows[1].Mse.Mean < rows[0].Mse.Mean && rows[2].Mse.Mean < rows[1].Mse.Mean);
        Assert.True(rows[3].Pinball.Mean < 0.97 * rows[2].Pinball.Mean, $"{rows[3].Pinball.Mean} beside {rows[2].Pinball.Mean}");
        Assert.InRange(rows[3].Inside.Mean, 0.74, 0.86);
        Assert.InRange(rows[3].Mse.Mean, 0.8 * rows[2].Mse.Mean, 1.05 * rows[2].Mse.Mean);
        Assert.NotNull(rows[3].Mse.StandardError);
        Assert.Equal([4L, 4 * TestSeries.Day, 4 * TestSeries.Window], rows[..3].Select(r => r.BytesPerStream));
        // Average [d], log-masses [2 H], hidden vector [d] and the window.
        Assert.Equal(4 * (16 + 4 + 16 + TestSeries.Window), rows[3].BytesPerStream);
    }

    [Fact]
    public void Origins_OfAStreamThatGoesOn_HaveTrainForTheirPast()
    {
        EventSequence train = TestSeries.Stream(100, Seed), on = TestSeries.Stream(20, Seed, start: 100),
            apart = TestSeries.Stream(60, Seed, start: 300);
        SeriesScale[] scales = SeriesScale.Of([train]);

        Assert.Equal((100, 116), SeriesChannel.Of([train], [on], scales)[0].Origins(48, 5));
        Assert.Equal((48, 56), SeriesChannel.Of([train], [apart], scales)[0].Origins(48, 5));
    }

    [Fact]
    public void Compare_OfWhatIsNoRegularSeries_SaysWhatToDo()
    {
        EventSequence stream = TestSeries.Stream(300, Seed);
        string Refusal(EventSequence train, EventSequence test, string form = "aaren", int horizon = 5) =>
            Assert.Throws<ArgumentException>(() => new SeriesComparison([train], [test], new SeriesComparisonOptions
            {
                Forms = [ComparisonForm.Parse(form)],
                Series = new SeriesShape(horizon, 48, []),
            }).Run().ToArray()).Message;
        EventSequence With(Func<int, double> time, Func<int, double> value) => stream with
        {
            Times = [.. Enumerable.Range(0, 300).Select(time)],
            Values = new Dictionary<string, double[]> { ["level"] = [.. Enumerable.Range(0, 300).Select(value)] },
        };

        Assert.Contains("is not regular: reading 7 comes 2 time units after the one before, and the first step is 1", Refusal(With(t => t < 7 ? t : t + 1, t => t), stream));
        Assert.Contains("has no 'level' at reading 9", Refusal(With(t => 0.5 * t, t => t == 9 ? double.NaN : t), stream));
        Assert.Contains("carries no values", Refusal(stream with { Values = null }, stream));
        Assert.Contains("apart and those of test 1", Refusal(stream, With(t => t, t => t)));
        Assert.Contains("value 'other', which none of train has", Refusal(stream, stream with { Values = new Dictionary<string, double[]> { ["other"] = stream.Times } }));
        Assert.Contains("tova bounds a trained model", Refusal(stream, stream, "tova"));
        Assert.Contains("No series of test has 5 readings", Refusal(stream, TestSeries.Stream(20, Seed, start: 900)));
        Assert.Contains("needs a series of 348 readings or more in train; the longest has 300", Refusal(stream, TestSeries.Stream(800, Seed), horizon: 300));
        Assert.Contains("Model series must be a horizon of 1 to", Refusal(stream, stream, horizon: 0));
    }

    private static SeriesChannel[] Channels(int readings)
    {
        EventSequence stream = TestSeries.Stream(readings, Seed);
        return SeriesChannel.Of([stream], SeriesScale.Of([stream]));
    }
}
