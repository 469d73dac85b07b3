using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Heads;

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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(double z, Span<float> features)
    {
        z = Math.Clamp(z, -6, 6);
        features[0] = (float)z;
        features[1] = (float)(z * z / 2);
        // cos x = sin(x + pi/2): sines and cosines of all five multiples fill ten lanes.
        Vector512<double> shift = Vector512.Create(0, Math.PI / 2, 0, Math.PI / 2, 0, Math.PI / 2, 0, Math.PI / 2),
            argument = Vector512.Create(z);
        var first = VectorMath.Sin(Vector512.FusedMultiplyAdd(argument, Vector512.Create(1.0, 1, 2, 2, 4, 4, 8, 8), shift));
        var last = VectorMath.Sin(Vector512.FusedMultiplyAdd(argument, Vector512.Create(16.0), shift));
        Vector512<float> waves = Vector512.Narrow(first, last);
        for (int i = 2; i < Count; i++)
        {
            features[i] = waves[i - 2];
        }
    }
}
