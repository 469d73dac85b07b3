using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>The arithmetic of Aaren's running softmax for up to 16 heads at once, one head a lane.</summary>
/// <remarks>
/// The paper keeps (m, u, w) per head: maximum score, mass u = sum exp(s - m), weighted values w. Here the same
/// state is kept normalised: log-mass = m + ln u and average = w / u. It needs no maximum and cannot overflow.
/// The log-mass is an unevaluated sum of two floats: after 10^8 events one more adds 10^-8, below the last bit of
/// a float near 18, and a single float would stand still.
/// Source: Feng et al. 2024, "Attention as an RNN", sections 3.1 and 3.2; the decay is ours (docs/models.md).
/// </remarks>
internal static class AarenLanes
{
    /// <summary>Heads that fit one vector.</summary>
    public const int Count = 16;

    /// <summary>Log-mass of a state that has seen nothing: finite, so that no difference is NaN.</summary>
    public const float EmptyLogMass = -1e30f;

    /// <summary>Lets a log-mass fade, adds one score, and returns the share of the new event in the average.</summary>
    /// <param name="high">Log-mass, leading part; updated.</param>
    /// <param name="low">Log-mass, trailing part; updated.</param>
    /// <param name="score">Score of the new event.</param>
    /// <param name="fade">What the older events' scores lose since the last event, 0 or more.</param>
    /// <returns>Gate exp(score - new log-mass), in [0, 1].</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Advance(ref Vector512<float> high, ref Vector512<float> low, Vector512<float> score,
        Vector512<float> fade)
    {
        (high, low) = Add(high, low, -fade);
        var x = (score - high) - low;
        var newer = Vector512.GreaterThan(x, Vector512<float>.Zero);
        // ln(e^a + e^b) = max(a, b) + ln(1 + e^-|a - b|), added to whichever is larger.
        var rest = VectorMath.Log1p(VectorMath.Exp(-Vector512.Abs(x)));
        var largerHigh = Vector512.ConditionalSelect(newer, score, high);
        var largerLow = Vector512.ConditionalSelect(newer, Vector512<float>.Zero, low);
        (high, low) = Add(largerHigh, largerLow, rest);
        return VectorMath.Sigmoid(x);
    }

    /// <summary>(high + low) + x, error-free but for the last bit of the trailing part (Knuth's two-sum).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> High, Vector512<float> Low) Add(Vector512<float> high, Vector512<float> low, Vector512<float> x)
    {
        var sum = high + x;
        var part = sum - high;
        var error = (high - (sum - part)) + (x - part) + low;
        var result = sum + error;
        return (result, error - (result - sum));
    }
}
