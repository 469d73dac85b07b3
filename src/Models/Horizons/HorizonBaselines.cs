namespace Foretell.Models.Horizons;

/// <summary>Forecasts of a horizon from counts of the stream's own past, without training.</summary>
/// <remarks>Source: Karpukhin, Shipilov, Savchenko, "HoTPP Benchmark", 2024, their statistical baselines.</remarks>
internal static class HorizonBaselines
{
    /// <summary>Events that <see cref="MostPopular"/> names at most.</summary>
    private const int MostEvents = 32;

    /// <summary>Each mark goes on at the rate that it had so far: a histogram over the horizon.</summary>
    /// <remarks>The horizon is cut into equal stretches. Each has one prediction of each mark of the past, at its middle, with the expected
    /// number of events there as its score, at most 1. Those above one half are the single sequence. The paper leaves the stretches open:
    /// they are as long as what a prediction at their middle can match.</remarks>
    /// <param name="times">Times of the past, non-decreasing, the latest being the moment of forecasting. Shape [n], 2 or more.</param>
    /// <param name="marks">Marks of the past; below 0 where not known. Shape [n].</param>
    /// <param name="setting">Horizon and delta.</param>
    public static HorizonForecast HistoryDensity(ReadOnlySpan<double> times, ReadOnlySpan<int> marks, HorizonSetting setting)
    {
        double span = times[^1] - times[0];
        int stretches = Math.Max(1, (int)Math.Ceiling(setting.Horizon / (2 * setting.Delta) - 1e-9));
        double width = setting.Horizon / stretches;
        List<RankedEvent> ranked = [];
        foreach (var own in marks.ToArray().Where(m => m >= 0).GroupBy(m => m).OrderBy(g => g.Key))
        {
            double expected = Math.Min(1, own.Count() * width / span);
            ranked.AddRange(Enumerable.Range(0, stretches).Select(i => new RankedEvent((i + 0.5) * width, own.Key, expected)));
        }
        return new HorizonForecast(ranked, [.. ranked.Where(e => e.Score > 0.5).Select(e => new HorizonEvent(e.Time, e.Mark))]);
    }

    /// <summary>The most frequent mark of the past, again and again after the past's mean gap.</summary>
    /// <param name="times">Times of the past, non-decreasing, the latest being the moment of forecasting. Shape [n], 2 or more.</param>
    /// <param name="marks">Marks of the past; below 0 where not known. Shape [n].</param>
    /// <param name="setting">Horizon.</param>
    public static HorizonForecast MostPopular(ReadOnlySpan<double> times, ReadOnlySpan<int> marks, HorizonSetting setting)
    {
        double gap = (times[^1] - times[0]) / (times.Length - 1);
        int? popular = marks.ToArray().Where(m => m >= 0).GroupBy(m => m).OrderBy(g => g.Key).MaxBy(g => g.Count())?.Key;
        HorizonEvent[] events = popular is not { } mark ? []
            : [.. Enumerable.Range(1, MostEvents).Select(i => new HorizonEvent(i * gap, mark)).TakeWhile(e => e.Time < setting.Horizon)];
        return new HorizonForecast([.. events.Select(e => new RankedEvent(e.Time, e.Mark, 1))], events);
    }
}
