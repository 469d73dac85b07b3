using Foretell.Models.Configuration;
using Foretell.Models.Layers;

namespace Foretell.Models.Inputs;

/// <summary>What the network reads of a regular series at each reading: x += W f. The features f say how the latest readings lie to each
/// other, in the window's own unit and from its own level, so that what is learned of one series holds for others.</summary>
/// <remarks>The latest 24 differences from the last reading and the means of the stretches of 24 before them, the window's mean, the
/// logarithms of its unit and of how far readings moved lately, and the sine and cosine of where in each season it is. Level and unit by
/// the window: Kim et al., "Reversible Instance Normalization", ICLR 2022; from the last reading: Zeng et al., AAAI 2023 (NLinear).</remarks>
/// <param name="shape">Window and seasons.</param>
/// <param name="width">Hidden width d.</param>
/// <param name="add">Lays out its tensor.</param>
internal sealed class SeriesInput(SeriesShape shape, int width, AddParameter add)
    : FeatureInput("embed.series", CountOf(shape), width, add)
{
    /// <summary>Deviation that is added to a window's own, in deviations of training: a window that stands still has a unit, too.</summary>
    private const double LeastUnit = 0.1;

    /// <summary>Features that are no reading: mean, unit, and movement over the latest stretch and over the window.</summary>
    private const int Summaries = 4;

    /// <summary>A feature further from 0 counts as so far.</summary>
    private const double Farthest = 8;

    /// <summary>Floats that the features of a reading take.</summary>
    public static int StrideOf(SeriesShape shape) => StrideOf(CountOf(shape));

    /// <summary>Writes a reading's features.</summary>
    /// <param name="shape">Window and seasons.</param>
    /// <param name="window">The latest readings, standardised by training, the newest last. Shape [window].</param>
    /// <param name="ordinal">Readings since the clock's 0, which says where in each season it is.</param>
    /// <param name="features">Output. Shape [stride].</param>
    /// <returns>The window's unit.</returns>
    public static double Write(SeriesShape shape, ReadOnlySpan<float> window, long ordinal, Span<float> features)
    {
        int n = window.Length, next = 0;
        double last = window[^1], mean = Mean(window) - last, unit = Unit(window);
        features.Clear();
        for (int lag = 1; lag <= SeriesShape.Stretch; lag++)
        {
            features[next++] = Scaled(window[n - 1 - lag] - last);
        }
        for (int end = n - SeriesShape.Stretch; end >= SeriesShape.Stretch; end -= SeriesShape.Stretch)
        {
            double stretch = 0;
            foreach (float x in window[(end - SeriesShape.Stretch)..end])
            {
                stretch += x - last;
            }
            features[next++] = Scaled(stretch / SeriesShape.Stretch);
        }
        features[next++] = Scaled(mean);
        features[next++] = (float)Math.Log(unit);
        features[next++] = Movement(window[^(SeriesShape.Stretch + 1)..]);
        features[next++] = Movement(window);
        foreach (int season in shape.Seasons)
        {
            (double sine, double cosine) = Math.SinCos(2 * Math.PI * (ordinal % season) / season);
            features[next++] = (float)sine;
            features[next++] = (float)cosine;
        }
        return unit;

        float Scaled(double x) => (float)Math.Clamp(x / unit, -Farthest, Farthest);
        float Movement(ReadOnlySpan<float> readings) => (float)(0.5 * Math.Log(MeanSquareStep(readings) / (unit * unit) + 1e-4));
    }

    /// <summary>A window's unit: the deviation of its readings, and a little more. Above 0.</summary>
    public static double Unit(ReadOnlySpan<float> window)
    {
        double mean = Mean(window), square = 0;
        foreach (float x in window)
        {
            square += (x - mean) * (x - mean);
        }
        return Math.Sqrt(square / window.Length + LeastUnit * LeastUnit);
    }

    private static double Mean(ReadOnlySpan<float> readings)
    {
        double sum = 0;
        foreach (float x in readings)
        {
            sum += x;
        }
        return sum / readings.Length;
    }

    private static double MeanSquareStep(ReadOnlySpan<float> readings)
    {
        double sum = 0;
        for (int i = 1; i < readings.Length; i++)
        {
            double step = readings[i] - readings[i - 1];
            sum += step * step;
        }
        return sum / (readings.Length - 1);
    }

    private static int CountOf(SeriesShape shape) =>
        SeriesShape.Stretch + (shape.Window - SeriesShape.Stretch) / SeriesShape.Stretch + Summaries + 2 * shape.Seasons.Count;
}
