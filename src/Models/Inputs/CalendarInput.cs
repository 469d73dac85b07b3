using Foretell.Models.Layers;

namespace Foretell.Models.Inputs;

/// <summary>What the network reads of the moment of an event: x += W f(t), f being sines and cosines of the time of day and of the time of
/// the week, each at its period and at half of it. No zone is needed: whatever day and week begin at, W turns with it.</summary>
/// <param name="width">Hidden width d.</param>
/// <param name="add">Lays out its tensor.</param>
internal sealed class CalendarInput(int width, AddParameter add) : FeatureInput("embed.calendar", Count, width, add)
{
    /// <summary>Features of a moment.</summary>
    public const int Count = 8;

    private const double SecondsPerDay = 86_400;

    private static readonly double[] s_periods = [SecondsPerDay, SecondsPerDay / 2, 7 * SecondsPerDay, 3.5 * SecondsPerDay];

    /// <summary>Writes the features of a moment.</summary>
    /// <param name="seconds">The moment, seconds since whenever times are counted from.</param>
    /// <param name="features">Output. Shape [16].</param>
    public static void WriteFeatures(double seconds, Span<float> features)
    {
        features.Clear();
        for (int i = 0; i < s_periods.Length; i++)
        {
            // Whole periods are taken off first: a sine of 10^9 seconds has lost its digits.
            (double sin, double cos) = Math.SinCos(2 * Math.PI * Math.IEEERemainder(seconds, s_periods[i]) / s_periods[i]);
            (features[2 * i], features[2 * i + 1]) = ((float)sin, (float)cos);
        }
    }
}
