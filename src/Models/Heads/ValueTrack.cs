using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.Heads;

/// <summary>What a stream has shown of its values: for each its running level and spread, with forgetting, and the last one. A value is
/// told and scored in these, so that scale belongs to the stream.</summary>
/// <remarks>
/// A stream's state has four floats a value: evidence n, mean and variance of z about it over about the last fifty, and the last z.
/// Level = mean n / (n + kappa), kappa being the variance within streams over that between them (James and Stein, 1961: a stream without
/// a past has the level of all); unit² = (8 w² + n variance) / (8 + n), w being the spread within streams
/// (<see cref="ValueScale.Within"/>). Plain operations in a fixed order: the same bits on every processor (law 5).
/// </remarks>
/// <param name="scales">The model's values. Shape [v].</param>
internal sealed class ValueTrack(IReadOnlyList<ValueScale> scales)
{
    /// <summary>Floats of state a value.</summary>
    public const int StateFloats = 4;

    /// <summary>Numbers a value that the head reads of the state.</summary>
    public const int Features = 4;

    /// <summary>A number further out, in units, counts as so far.</summary>
    public const float Farthest = 8;

    private const float Keep = 0.98f, SpreadPrior = 8;
    private const float LeastUnit = 1e-3f;

    private readonly bool[] _facts = [.. scales.Select(s => s.IsFact)];
    private readonly float[] _kappa = [.. scales.Select(Kappa)], _within = [.. scales.Select(s => (float)s.Within)];

    /// <summary>Values v.</summary>
    public int Count => _kappa.Length;

    /// <summary>Whether a value is a fact about its stream (<see cref="ValueScale.IsFact"/>).</summary>
    public bool IsFact(int value) => _facts[value];

    /// <summary>A value's last z, NaN before the first.</summary>
    /// <param name="state">Shape [4v].</param>
    public float Last(ReadOnlySpan<float> state, int value) =>
        state[value * StateFloats] > 0 ? state[value * StateFloats + 3] : float.NaN;

    /// <summary>Floats that what the head reads takes: whole vectors.</summary>
    public int FeatureStride => (Count * Features + 15) / 16 * 16;

    /// <summary>Level and unit of a value's next z, by what the stream has shown.</summary>
    /// <param name="state">Shape [4v].</param>
    public (float Level, float Unit) Own(ReadOnlySpan<float> state, int value)
    {
        ReadOnlySpan<float> own = state.Slice(value * StateFloats, StateFloats);
        float n = own[0], w = _within[value];
        float variance = (SpreadPrior * w * w + n * own[2]) / (SpreadPrior + n);
        return (own[1] * (n / (n + _kappa[value])), MathF.Max(MathF.Sqrt(variance), LeastUnit));
    }

    /// <summary>Takes the values of an event into account.</summary>
    /// <param name="state">Shape [4v].</param>
    /// <param name="z">Standardised values, NaN for none. Shape [v].</param>
    public void Observe(Span<float> state, ReadOnlySpan<float> z)
    {
        for (int i = 0; i < z.Length; i++)
        {
            if (float.IsNaN(z[i]))
            {
                continue;
            }
            Span<float> own = state.Slice(i * StateFloats, StateFloats);
            float n = Keep * own[0] + 1, before = z[i] - own[1];
            float mean = own[1] + before / n;
            own[2] += (before * (z[i] - mean) - own[2]) / n;
            (own[0], own[1], own[3]) = (n, mean, z[i]);
        }
    }

    /// <summary>Writes what the head reads of the state: per value the last one in the stream's units, the level, the logarithm of the
    /// unit, and how much of a past there is.</summary>
    /// <param name="state">Shape [4v].</param>
    /// <param name="features">Output; what follows the features is not touched. Shape [4v or more].</param>
    public void WriteFeatures(ReadOnlySpan<float> state, Span<float> features)
    {
        for (int i = 0; i < Count; i++)
        {
            (float level, float unit) = Own(state, i);
            float n = state[i * StateFloats], last = n > 0 ? (state[i * StateFloats + 3] - level) / unit : 0;
            Span<float> own = features.Slice(i * Features, Features);
            own[0] = Math.Clamp(last, -Farthest, Farthest);
            own[1] = Math.Clamp(level, -Farthest, Farthest);
            own[2] = VectorMath.Log(Vector512.Create(unit))[0];
            own[3] = n / (n + 2);
        }
    }

    private static float Kappa(ValueScale scale)
    {
        double within = scale.Within * scale.Within;
        return (float)Math.Clamp(within / Math.Max(1 - within, 1e-6), 0.02, 50);
    }
}
