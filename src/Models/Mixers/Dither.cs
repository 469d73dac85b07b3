using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Foretell.Models.Mixers;

/// <summary>Stochastic rounding with a hash in the place of chance.</summary>
/// <remarks>
/// A running average over n events moves by about 1/n of an event. Past 2^24 events that is less than half of a
/// float's last bit, and rounding to nearest would freeze the average for good. Rounding up or down with
/// probability proportional to the remainder keeps it right on average and costs no bytes in the row. The hash
/// depends on the event's ordinal and the element alone, so a replay rounds the same way (law 5).
/// Source: Connolly, Higham, Mary 2021, "Stochastic rounding and its probabilistic backward error analysis".
/// </remarks>
internal static class Dither
{
    /// <summary>before + gate * (value - before), rounded stochastically.</summary>
    /// <param name="noise">16 uniform words from <see cref="Noise"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Lerp(Vector512<float> before, Vector512<float> value, Vector512<float> gate, Vector512<int> noise)
    {
        var increment = gate * (value - before);
        var sum = before + increment;
        var part = sum - before;
        var error = (before - (sum - part)) + (increment - part);
        // The exponent bits alone are the power of two below |sum|; its last bit is worth 2^-23 of that.
        var power = (sum.AsInt32() & Vector512.Create(0x7f800000)).AsSingle();
        var uniform = Vector512.ConvertToSingle(noise);
        return sum + Vector512.FusedMultiplyAdd(uniform, power * Vector512.Create(1.1920929e-7f * 2.32830644e-10f), error);
    }

    /// <summary>16 words that look uniform, a function of the event's ordinal and the element's index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Noise(uint ordinal, uint element)
    {
        var x = Vector512.CreateSequence(element, 1u) * Vector512.Create(0x9e3779b9u) + Vector512.Create(ordinal * 0x85ebca6bu);
        x ^= Vector512.ShiftRightLogical(x, 16);
        x *= Vector512.Create(0x7feb352du);
        x ^= Vector512.ShiftRightLogical(x, 15);
        x *= Vector512.Create(0x846ca68bu);
        x ^= Vector512.ShiftRightLogical(x, 16);
        return x.AsInt32();
    }
}

/// <summary>How a running average is rounded.</summary>
internal interface IRounding
{
    /// <summary>before + gate * (value - before).</summary>
    /// <param name="element">Index of the first lane's element in the row.</param>
    Vector512<float> Lerp(Vector512<float> before, Vector512<float> value, Vector512<float> gate, uint element);
}

/// <summary>To the nearest float: for sequences of training length.</summary>
internal readonly struct NearestRounding : IRounding
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Lerp(Vector512<float> before, Vector512<float> value, Vector512<float> gate, uint element) =>
        Vector512.FusedMultiplyAdd(gate, value - before, before);
}

/// <summary>By <see cref="Dither"/>: for rows that live long.</summary>
internal readonly struct DitheredRounding(long ordinal) : IRounding
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Lerp(Vector512<float> before, Vector512<float> value, Vector512<float> gate, uint element) =>
        Dither.Lerp(before, value, gate, Dither.Noise((uint)ordinal, element));
}
