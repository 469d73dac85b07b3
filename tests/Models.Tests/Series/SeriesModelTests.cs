using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Inputs;
using Foretell.Models.Layers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Series;
using Foretell.Models.Tests.Reference;
using Foretell.Models.Tests.Training;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Series;

/// <summary>The series head and its input: gradients, and one form beside the other.</summary>
public sealed unsafe class SeriesModelTests
{
    private const int Seed = 71;

    /// <summary>Horizons around a vector's length, errors on both sides, and scales beyond the clamp.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(17)]
    public void LogLikelihood_OfAnyHorizon_AgreesWithPlainLoopsAndDifferences(int horizon)
    {
        const double Unit = 0.7;
        SeriesHead head = HeadOf(horizon);
        double[] place = FiniteDifference.Numbers(Seed, horizon), scale = FiniteDifference.Numbers(Seed + 1, horizon),
            linear = FiniteDifference.Numbers(Seed + 2, horizon), truth = FiniteDifference.Numbers(Seed + 3, horizon, 2);
        using AlignedBuffer p = Padded(place, head.Stride), s = Padded(scale, head.Stride), l = Padded(linear, head.Stride),
            y = Padded(truth, head.Stride), dPlace = new(head.Stride), dScale = new(head.Stride);

        double said = head.LogLikelihood(p.Pointer, s.Pointer, l.Pointer, y.Pointer, Unit, 1, dPlace.Pointer, dScale.Pointer);

        Assert.Equal(Plain(place, scale), said, 1e-5);
        Assert.Equal(said, head.LogLikelihood(p.Pointer, s.Pointer, l.Pointer, y.Pointer, Unit, 1, null, null));
        FiniteDifference.AssertGradient(x => Plain(x, scale), place, dPlace.Span[..horizon]);
        FiniteDifference.AssertGradient(x => Plain(place, x), scale, dScale.Span[..horizon]);
        Assert.All(dPlace.Span[horizon..].ToArray().Concat(dScale.Span[horizon..].ToArray()), x => Assert.Equal(0, x));

        double Plain(double[] places, double[] scales) => Enumerable.Range(0, horizon).Average(h =>
        {
            double spread = Unit * Math.Exp(scales[h]), z = (truth[h] - linear[h] - 0.1 * Unit * places[h]) / spread;
            return -z - 2 * Math.Log(1 + Math.Exp(-z)) - Math.Log(spread);
        });
    }

    [Fact]
    public void LogLikelihood_WhereAScaleIsBeyondItsBounds_StaysFiniteAndPullsNoFurther()
    {
        SeriesHead head = HeadOf(2);
        using AlignedBuffer place = new(16), scale = Padded([-50, 50], 16), zero = new(16), far = Padded([1e6, -1e6], 16), dScale = new(16);

        double said = head.LogLikelihood(place.Pointer, scale.Pointer, zero.Pointer, far.Pointer, 1, 1, place.Pointer, dScale.Pointer);

        Assert.True(double.IsFinite(said));
        Assert.All(place.Span.ToArray(), x => Assert.True(float.IsFinite(x)));
        Assert.All(dScale.Span.ToArray(), x => Assert.Equal(0, x));
    }

    /// <summary>The whole network over a stretch, of which some forecasts count, forwards and backwards.</summary>
    [Fact]
    public void Run_OverAStretch_AgreesWithPlainLoopsForwardsAndBackwards()
    {
        const int Rows = 7, First = TestSeries.Window - 1;
        ModelConfig config = TestSeries.Small().Shape with { Layers = 2 };
        var layout = new ParameterLayout(config);
        var random = new RandomStream(Seed);
        SeriesChannel series = Channel(TestSeries.Window + 60);
        using LinearForecast fitted = LinearForecast.Fit([series], TestSeries.Window, TestSeries.Horizon, 0.1, isWeighted: true);
        EncodedReadings readings = SeriesModel.Encode(series, config.Series!, fitted, First, Rows, 2..6);

        HeadCheck.Agrees(layout, config, new EncodedSequence(readings, config), random, network =>
        {
            double sum = 0;
            int features = layout.Inputs[0].Weight.Rows, stride = layout.Inputs[0].Stride;
            for (int row = 0; row < Rows; row++)
            {
                double[] read = [.. readings.Features.AsSpan(row * stride, features).ToArray().Select(x => (double)x)];
                double[] hidden = network.Step(0, row == 0 ? null : 1, readings: read);
                double[] linear = [.. readings.Linear(row, layout.Series!).ToArray().Select(x => (double)x)],
                    truth = [.. series.Readings.AsSpan(First + row + 1, TestSeries.Horizon).ToArray().Select(x => (double)x)];
                sum += row is >= 2 and < 6 ? network.Readings(hidden, linear, truth, readings.Unit(row)) : 0;
            }
            return sum;
        });
    }

    /// <summary>A stream that is advanced reading by reading says what the parallel form says of the same origin.</summary>
    [Theory]
    [InlineData("aaren", true)]
    [InlineData("aaren", false)]
    [InlineData("linear", true)]
    [InlineData("softmax", true)]
    public void Observe_ReadingByReading_ForecastsAsTheParallelForm(string mixer, bool decay)
    {
        var train = TestSeries.Stream(400, Seed);
        SeriesModel model = SeriesTrainer.Train([train], TestSeries.Small(mixer, decay) with { Epochs = 1 });
        SeriesScale scale = model.Scales[0];
        SeriesChannel series = Channel(300);
        SeriesForecasts parallel = model.Forecast(series, TestSeries.Window, 200);
        using var stream = new SeriesStream(model, "level");

        for (int t = 0; t < TestSeries.Window + 199; t++)
        {
            stream.Observe(TestSeries.Stream(300, Seed).Values!["level"][t]);
            int row = t + 1 - TestSeries.Window;
            Assert.Equal(row >= 0, stream.IsReady);
            for (int h = 0; row >= 0 && h < TestSeries.Horizon; h++)
            {
                Assert.Equal(parallel.Place(row, h), (stream.Quantile(h + 1) - scale.Mean) / scale.Deviation, 1e-5);
                Assert.Equal(parallel.Place(row, h) + parallel.Offsets(row, h, 8),
                    (stream.Quantile(h + 1, 0.9) - scale.Mean) / scale.Deviation, 1e-5);
            }
        }

        SeriesChannel Channel(int readings) => SeriesChannel.Of([TestSeries.Stream(readings, Seed)], model.Scales)[0];
    }

    [Fact]
    public void Quantile_BeforeTheWindowIsFull_SaysHowManyReadingsAreMissing()
    {
        SeriesModel model = SeriesTrainer.Train([TestSeries.Stream(300, Seed)], TestSeries.Small() with { Epochs = 1 });
        using var stream = new SeriesStream(model, "level");
        stream.Observe(1);

        Assert.Equal("A forecast needs 48 readings, and there are 1.", Assert.Throws<InvalidOperationException>(() => stream.Quantile(1)).Message);
        Assert.StartsWith("Training had no value 'other'; expected level.", Assert.Throws<ArgumentException>(() => new SeriesStream(model, "other")).Message);
    }

    /// <summary>Features are differences in the window's unit: a series that lies higher, or moves more, reads alike.</summary>
    [Fact]
    public void Write_OfAScaledSeries_ReadsAlikeButForItsUnit()
    {
        SeriesShape shape = new(TestSeries.Horizon, 72, [24]);
        float[] window = [.. FiniteDifference.Numbers(Seed, 72, 20).Select(x => (float)x)], moved = [.. window.Select(x => 2 * x + 64)];
        float[] features = new float[SeriesInput.StrideOf(shape)], scaled = new float[features.Length];

        double unit = SeriesInput.Write(shape, window, 30, features), twice = SeriesInput.Write(shape, moved, 30, scaled);

        Assert.Equal(2 * unit, twice, 0.01 * unit);
        Assert.Equal((window[^2] - window[^1]) / unit, features[0], 1e-4);
        Assert.Equal(window[24..48].Average(x => x - window[^1]) / unit, features[24], 1e-4);
        Assert.Equal(Math.Sin(2 * Math.PI * 6 / 24), features[24 + 2 + 4], 1e-6);
        // All but the logarithm of the unit.
        Assert.All(Enumerable.Range(0, features.Length).Where(i => i != 24 + 2 + 1), i => Assert.Equal(features[i], scaled[i], 1e-2));
    }

    private static SeriesHead HeadOf(int horizon) =>
        new ParameterLayout(new ModelConfig { Width = 16, Layers = 1, Heads = 2, Series = new SeriesShape(horizon, 48, []) }).Series!;

    private static AlignedBuffer Padded(double[] values, int stride)
    {
        var buffer = new AlignedBuffer(stride);
        for (int i = 0; i < values.Length; i++)
        {
            buffer.Pointer[i] = (float)values[i];
        }
        return buffer;
    }

    private static SeriesChannel Channel(int readings)
    {
        var stream = TestSeries.Stream(readings, Seed);
        return SeriesChannel.Of([stream], SeriesScale.Of([stream]))[0];
    }
}
