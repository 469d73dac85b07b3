namespace Foretell.Models.Series;

/// <summary>A simple method: point forecasts by a rule, and around them the quantiles of the errors that it had on train, by name of the
/// value and step.</summary>
/// <param name="name">Its name.</param>
/// <param name="bytes">Bytes of a series that it has to keep.</param>
/// <param name="stride">Floats of one row of places.</param>
/// <param name="places">Point forecasts at a number of origins of a series from the first one on. Shape [count, stride].</param>
internal sealed class SimpleSeries(string name, long bytes, int stride, Func<SeriesChannel, int, int, float[]> places)
{
    /// <summary>Errors a step that quantiles are taken of, at most.</summary>
    private const int MostErrors = 20_000;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Bytes of a series that it has to keep.</summary>
    public long Bytes => bytes;

    /// <summary>The latest reading, again and again.</summary>
    public static SimpleSeries LastValue(int horizon) => Repeat("last value", 1, horizon);

    /// <summary>The latest season, again and again.</summary>
    public static SimpleSeries Seasonal(int season, int horizon) => Repeat("seasonal naive", season, horizon);

    /// <summary>Ridge regression on the window.</summary>
    public static SimpleSeries Linear(IReadOnlyList<SeriesChannel> train, int window, int horizon)
    {
        LinearForecast linear = LinearForecast.Fit(train, window, horizon, penalty: 1e-3, isWeighted: false);
        return new SimpleSeries($"linear on {window}", window * sizeof(float), linear.Stride, (series, from, count) =>
        {
            float[] said = new float[count * linear.Stride];
            linear.Run(series.Readings, from, count, said);
            return said;
        });
    }

    /// <summary>Scores it.</summary>
    public SeriesScore Score(IReadOnlyList<SeriesChannel> train, IReadOnlyList<SeriesChannel> test, int window, int horizon, int threads)
    {
        Dictionary<string, double[][]> offsets = train.GroupBy(s => s.Name)
            .ToDictionary(s => s.Key, s => ErrorQuantiles([.. s], window, horizon));
        return SeriesScore.Of(test, window, horizon, (series, from, count) =>
        {
            double[][] ofName = offsets[series.Name];
            return new SeriesForecasts(from, count, horizon, stride, places(series, from, count), (_, h, k) => ofName[h][k]);
        }, threads);
    }

    private static SimpleSeries Repeat(string name, int season, int horizon) => new(name, season * sizeof(float), horizon,
        (series, from, count) =>
        {
            float[] said = new float[count * horizon];
            for (int i = 0; i < said.Length; i++)
            {
                said[i] = series.Readings[from + i / horizon - season + i % horizon % season];
            }
            return said;
        });

    /// <summary>Shape [H][quantiles].</summary>
    private double[][] ErrorQuantiles(IReadOnlyList<SeriesChannel> train, int window, int horizon)
    {
        long origins = train.Sum(s => (long)Math.Max(0, s.Count - window - horizon + 1));
        int every = (int)((origins + MostErrors - 1) / MostErrors);
        List<float>[] errors = [.. Enumerable.Range(0, horizon).Select(_ => new List<float>())];
        foreach (SeriesChannel series in train)
        {
            int count = Math.Max(0, series.Count - window - horizon + 1);
            float[] said = places(series, window, count);
            for (int row = 0; row < count; row += every)
            {
                for (int h = 0; h < horizon; h++)
                {
                    errors[h].Add(series.Readings[window + row + h] - said[row * stride + h]);
                }
            }
        }
        return [.. errors.Select(of =>
        {
            if (of.Count == 0)
            {
                // A short series among long ones: nothing is known of its errors.
                return new double[SeriesScore.Quantiles.Count];
            }
            of.Sort();
            return SeriesScore.Quantiles.Select(p => Between(of, p * (of.Count - 1))).ToArray();
        })];
    }

    private static double Between(List<float> sorted, double place)
    {
        int below = (int)place;
        double above = sorted[Math.Min(below + 1, sorted.Count - 1)];
        return sorted[below] + (place - below) * (above - sorted[below]);
    }
}
