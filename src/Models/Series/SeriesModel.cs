using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Inputs;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Training;

namespace Foretell.Models.Series;

/// <summary>Forecasts the next readings of regular series. Immutable and safe to share between threads.</summary>
public sealed unsafe class SeriesModel
{
    /// <summary>Readings before the first one that is scored from which on the parallel form runs: the rest of a longer past has
    /// faded.</summary>
    internal const int Context = 2048;

    private readonly AlignedBuffer _weights;

    internal SeriesModel(ModelConfig config, ParameterLayout layout, AlignedBuffer weights, LinearForecast linear,
        IReadOnlyList<SeriesScale> scales)
    {
        (Config, Layout, _weights, Linear, Scales) = (config, layout, weights, linear, scales);
        State = new StateLayout(config, layout);
    }

    /// <summary>Configuration, with horizon, window and seasons.</summary>
    public ModelConfig Config { get; }

    /// <summary>How each value lay in training.</summary>
    public IReadOnlyList<SeriesScale> Scales { get; }

    internal ParameterLayout Layout { get; }

    internal StateLayout State { get; }

    internal LinearForecast Linear { get; }

    internal AlignedBuffer Weights => _weights;

    /// <summary>Bytes that one series keeps after a number of readings: the network's state and the window.</summary>
    public long StateBytesAfter(long readings) =>
        (State.Floats + State.TailFloats(Math.Max(0, readings - Config.Series!.Window + 1)) + Config.Series.Window) * sizeof(float);

    /// <summary>A series' readings as the network reads them, and their linear forecasts.</summary>
    /// <param name="series">The series.</param>
    /// <param name="from">First reading; a window ends with it.</param>
    /// <param name="count">Readings.</param>
    /// <param name="scored">Of these, the ones whose forecasts count.</param>
    internal static EncodedReadings Encode(SeriesChannel series, SeriesShape shape, LinearForecast linear, int from, int count,
        Range scored)
    {
        int stride = SeriesInput.StrideOf(shape);
        float[] features = new float[count * stride], units = new float[count], forecasts = new float[count * linear.Stride];
        for (int i = 0; i < count; i++)
        {
            units[i] = (float)SeriesInput.Write(shape, series.Readings.AsSpan(from + i - shape.Window + 1, shape.Window),
                series.Start + from + i, features.AsSpan(i * stride, stride));
        }
        linear.Run(series.Readings, from + 1, count, forecasts);
        return new EncodedReadings(features, units, forecasts, series.Readings, from, scored);
    }

    /// <summary>Forecasts at origins of a series, each by the readings before it alone, by the parallel form.</summary>
    internal SeriesForecasts Forecast(SeriesChannel series, int from, int count)
    {
        SeriesShape shape = Config.Series!;
        SeriesHead head = Layout.Series!;
        int first = Math.Max(shape.Window - 1, from - 1 - Context), before = from - 1 - first;
        EncodedReadings readings = Encode(series, shape, Linear, first, before + count, 0..0);
        using var pass = new NetworkPass(Config, Layout, timeHead: null);
        pass.Run(_weights.Pointer, [new EncodedSequence(readings, Config)], null, 0);
        int stride = head.Stride;
        float[] places = new float[count * stride], scales = new float[count * stride];
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<float> place = pass.Series!.Place(before + row), scale = pass.Series.Scale(before + row),
                linear = readings.Linear(before + row, head);
            for (int h = 0; h < shape.Horizon; h++)
            {
                (double at, double spread) = SeriesHead.Decode(place[h], scale[h], linear[h], readings.Unit(before + row));
                (places[row * stride + h], scales[row * stride + h]) = ((float)at, (float)spread);
            }
        }
        return new SeriesForecasts(from, count, shape.Horizon, stride, places, (row, h, k) => scales[row * stride + h] * s_logits[k]);
    }

    /// <summary>Quantiles of the standard logistic distribution.</summary>
    private static readonly double[] s_logits = [.. SeriesScore.Quantiles.Select(SeriesHead.StandardQuantile)];
}
