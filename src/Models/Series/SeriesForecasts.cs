namespace Foretell.Models.Series;

/// <summary>Forecasts at some origins of a series, one behind the other.</summary>
/// <param name="From">First origin, by the index of its first reading.</param>
/// <param name="Count">Origins.</param>
/// <param name="Horizon">Readings H of each.</param>
/// <param name="Stride">Floats of one row of places.</param>
/// <param name="Places">Point forecasts. Shape [Count, Stride].</param>
/// <param name="Offsets">How far a quantile lies from the place, by row, step and the quantile's index in
/// <see cref="SeriesScore.Quantiles"/>.</param>
internal sealed record SeriesForecasts(int From, int Count, int Horizon, int Stride, float[] Places, Func<int, int, int, double> Offsets)
{
    /// <summary>Point forecast of a step, from 0.</summary>
    public float Place(int row, int step) => Places[row * Stride + step];
}
