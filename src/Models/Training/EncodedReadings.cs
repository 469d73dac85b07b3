using Foretell.Models.Heads;

namespace Foretell.Models.Training;

/// <summary>A stretch of a regular series as the network reads it, and what came after each reading.</summary>
/// <param name="features">What the network reads. Shape [n, stride of the input].</param>
/// <param name="units">Unit of the window behind each reading. Shape [n].</param>
/// <param name="linear">Linear forecasts. Shape [n, stride of the head].</param>
/// <param name="readings">The whole series, with a vector's floats behind its end.</param>
/// <param name="first">Index in it of the stretch's first reading.</param>
/// <param name="scored">Rows whose forecasts count: each has all H readings behind it.</param>
internal sealed class EncodedReadings(float[] features, float[] units, float[] linear, float[] readings, int first, Range scored)
{
    /// <summary>Readings n.</summary>
    public int Count => units.Length;

    /// <summary>Shape [n, stride of the input].</summary>
    public float[] Features => features;

    /// <summary>Unit of a row's window.</summary>
    public double Unit(int row) => units[row];

    /// <summary>Linear forecasts of a row. Shape [H].</summary>
    public ReadOnlySpan<float> Linear(int row, SeriesHead head) => linear.AsSpan(row * head.Stride, head.Horizon);

    /// <summary>Adds the distances of the linear forecasts from what came, in units of the windows.</summary>
    /// <param name="sums">One a step. Shape [H].</param>
    /// <returns>Rows that count.</returns>
    public int AddErrors(SeriesHead head, Span<double> sums)
    {
        (int offset, int length) = scored.GetOffsetAndLength(Count);
        for (int row = offset; row < offset + length; row++)
        {
            ReadOnlySpan<float> forecast = Linear(row, head);
            for (int h = 0; h < sums.Length; h++)
            {
                sums[h] += Math.Abs(readings[first + row + 1 + h] - forecast[h]) / units[row];
            }
        }
        return length;
    }

    /// <summary>Adds how far corrections of the linear forecasts go along with what came: error x correction, and
    /// correction squared.</summary>
    /// <param name="place">What the head says of a row's places. Shape [H].</param>
    public (double Product, double Square) Agreement(int row, SeriesHead head, ReadOnlySpan<float> place)
    {
        double product = 0, square = 0;
        ReadOnlySpan<float> forecast = Linear(row, head);
        for (int h = 0; h < place.Length; h++)
        {
            double correction = SeriesHead.Decode(place[h], 0, 0, units[row]).Place;
            product += (readings[first + row + 1 + h] - forecast[h]) * correction;
            square += correction * correction;
        }
        return (product, square);
    }

    /// <summary>Summed mean log densities of the rows that count, and where wanted the gradients in the place of
    /// what they are by.</summary>
    /// <param name="place">Shape [n, stride].</param>
    /// <param name="scale">Shape [n, stride].</param>
    public unsafe double Score(SeriesHead head, float* place, float* scale, double gradientScale, bool backward)
    {
        (int offset, int length) = scored.GetOffsetAndLength(Count);
        double sum = 0;
        fixed (float* from = linear, truth = readings)
        {
            for (int row = 0; row < Count; row++, place += head.Stride, scale += head.Stride)
            {
                if (row >= offset && row < offset + length)
                {
                    sum += head.LogLikelihood(place, scale, from + (nint)row * head.Stride, truth + first + row + 1, units[row],
                        gradientScale, backward ? place : null, backward ? scale : null);
                }
                else if (backward)
                {
                    new Span<float>(place, head.Stride).Clear();
                    new Span<float>(scale, head.Stride).Clear();
                }
            }
        }
        return sum;
    }
}
