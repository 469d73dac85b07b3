namespace Foretell.Models.Series;

/// <summary>How well whole horizons were forecast, in deviations of training. Means over origins, series and steps.</summary>
/// <param name="Origins">Forecasts of whole horizons, over all series.</param>
/// <param name="Mse">Mean squared error of the point forecasts.</param>
/// <param name="Mae">Mean absolute error.</param>
/// <param name="Pinball">Twice the mean pinball loss of the quantiles .1, .2, ..., .9.</param>
/// <param name="Inside">Share of readings from the .1 up to the .9 quantile.</param>
/// <param name="MseBySteps">Mean squared error a step. Shape [H].</param>
public sealed record SeriesScore(long Origins, double Mse, double Mae, double Pinball, double Inside, IReadOnlyList<double> MseBySteps)
{
    /// <summary>Probabilities of the quantiles that are scored.</summary>
    public static IReadOnlyList<double> Quantiles { get; } = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

    /// <summary>Scores a method on the part of each series that is scored; every origin counts.</summary>
    /// <param name="series">Series; one too short for the horizon adds nothing.</param>
    /// <param name="window">Readings that must lie before an origin.</param>
    /// <param name="horizon">Readings H.</param>
    /// <param name="forecast">Forecasts a number of origins of a series from the first one on.</param>
    /// <param name="threads">Series that are forecast at once.</param>
    /// <exception cref="ArgumentException">There is no origin.</exception>
    internal static SeriesScore Of(IReadOnlyList<SeriesChannel> series, int window, int horizon,
        Func<SeriesChannel, int, int, SeriesForecasts> forecast, int threads)
    {
        var sums = new Sums[series.Count];
        Parallel.For(0, series.Count, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            (int from, int to) = series[i].Origins(window, horizon);
            sums[i] = to == from ? new Sums(horizon) : Add(series[i], forecast(series[i], from, to - from));
        });
        long origins = sums.Sum(s => s.Origins);
        if (origins == 0)
        {
            throw new ArgumentException($"No series of test has {horizon} readings behind {window} of its past. Shorten the horizon, or test on longer series.", nameof(series));
        }
        double each = 1.0 / origins;
        double[] squares = [.. Enumerable.Range(0, horizon).Select(h => sums.Sum(s => s.Squares[h]) * each)];
        return new SeriesScore(origins, squares.Average(), sums.Sum(s => s.Absolute) * each / horizon,
            sums.Sum(s => s.Pinball) * each / horizon,
            sums.Sum(s => s.Inside) * each / horizon, squares);
    }

    private static Sums Add(SeriesChannel series, SeriesForecasts said)
    {
        var sums = new Sums(said.Horizon) { Origins = said.Count };
        for (int row = 0; row < said.Count; row++)
        {
            for (int h = 0; h < said.Horizon; h++)
            {
                double truth = series.Readings[said.From + row + h], error = truth - said.Place(row, h), pinball = 0, low = 0, high = 0;
                for (int k = 0; k < Quantiles.Count; k++)
                {
                    double offset = said.Offsets(row, h, k), over = error - offset;
                    pinball += Math.Max(Quantiles[k] * over, (Quantiles[k] - 1) * over);
                    (low, high) = (k == 0 ? offset : low, offset);
                }
                sums.Squares[h] += error * error;
                sums.Absolute += Math.Abs(error);
                sums.Pinball += 2 * pinball / Quantiles.Count;
                sums.Inside += error >= low && error <= high ? 1 : 0;
            }
        }
        return sums;
    }

    private sealed class Sums(int horizon)
    {
        public long Origins { get; init; }
        public double[] Squares { get; } = new double[horizon];
        public double Absolute { get; set; }
        public double Pinball { get; set; }
        public long Inside { get; set; }
    }
}
