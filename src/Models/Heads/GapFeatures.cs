namespace Foretell.Models;

/// <summary>What the mark head sees of a gap: [z, z^2/2, sin and cos of {1, 2, 4, 8, 16} z], z the standardised log gap.</summary>
internal static class GapFeatures
{
    /// <summary>Number of features.</summary>
    public const int Count = 12;

    /// <summary>Floats a row takes: a whole vector.</summary>
    public const int Stride = 16;

    /// <summary>Writes the features of z, clamped to six deviations.</summary>
    /// <param name="z">Standardised log gap.</param>
    /// <param name="features">Output; at least <see cref="Count"/> floats.</param>
    public static void Write(double z, Span<float> features)
    {
        z = Math.Clamp(z, -6, 6);
        features[0] = (float)z;
        features[1] = (float)(z * z / 2);
        for (int i = 0, scale = 1; i < 5; i++, scale *= 2)
        {
            (double sin, double cos) = Math.SinCos(scale * z);
            features[2 + 2 * i] = (float)sin;
            features[3 + 2 * i] = (float)cos;
        }
    }
}
