using Foretell.Models.Configuration;

namespace Foretell.Models.Series;

/// <summary>The linear forecast that a model stands on, weighed by the windows' units, fitted twice: on the first four fifths of each
/// series, beside which the network learns, and with the same penalty on all of it, beside which it serves.</summary>
/// <param name="Learned">Of the first four fifths.</param>
/// <param name="Whole">Of all.</param>
internal sealed record SeriesAnchor(LinearForecast Learned, LinearForecast Whole)
{
    private const double HeldOut = 0.2;

    /// <summary>The largest leave nothing but the last value.</summary>
    private static readonly double[] s_penalties = [0.1, 1, 10, 100, 1e3, 1e4, 1e5];

    /// <summary>The first four fifths of a series.</summary>
    public static SeriesChannel Beginning(SeriesChannel series) => series with { Count = (int)(series.Count * (1 - HeldOut)) };

    /// <summary>Fits both with the penalty that has the least error on the last fifth, in units of the windows.</summary>
    /// <exception cref="ArgumentException">No series is long enough.</exception>
    public static SeriesAnchor Fit(IReadOnlyList<SeriesChannel> train, SeriesShape shape)
    {
        (int horizon, int window, _) = shape;
        SeriesChannel[] beginnings = [.. train.Select(Beginning)];
        LinearForecast[] fitted = [.. s_penalties.Select(p => LinearForecast.Fit(beginnings, window, horizon, p, isWeighted: true))];
        double[] errors = [.. fitted.Select(linear => train.Zip(beginnings).Sum(s => Error(linear, s.First, s.Second.Count)))];
        int best = Array.IndexOf(errors, errors.Min());
        Array.ForEach([.. fitted.Where((_, i) => i != best)], linear => linear.Dispose());
        return new SeriesAnchor(fitted[best], LinearForecast.Fit(train, window, horizon, s_penalties[best], isWeighted: true));
    }

    /// <summary>Summed errors of the origins behind a part of a series.</summary>
    private static double Error(LinearForecast linear, SeriesChannel series, int behind)
    {
        (int from, int to) = (series with { Past = behind }).Origins(linear.Window, linear.Horizon);
        float[] said = new float[(to - from) * linear.Stride];
        linear.Run(series.Readings, from, to - from, said);
        double sum = 0;
        for (int row = 0; row < to - from; row++)
        {
            double distance = 0;
            for (int h = 0; h < linear.Horizon; h++)
            {
                distance += Math.Abs(series.Readings[from + row + h] - said[row * linear.Stride + h]);
            }
            sum += distance / Inputs.SeriesInput.Unit(series.Readings.AsSpan(from + row - linear.Window, linear.Window));
        }
        return sum;
    }
}
