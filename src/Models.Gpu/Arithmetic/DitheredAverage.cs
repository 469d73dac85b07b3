using ILGPU;

namespace Foretell.Models.Gpu.Arithmetic;

/// <summary>A running average that is rounded stochastically, with a hash in the place of chance: one element of the CPU's
/// <c>Dither</c>, whose remarks say what it is for.</summary>
internal static class DitheredAverage
{
    /// <summary>before + gate * (value - before), rounded by the hash of the event's ordinal and the element's index.</summary>
    public static float Move(float before, float value, float gate, uint ordinal, uint element)
    {
        float increment = Real.Multiply(gate, Real.Subtract(value, before));
        float sum = Real.Add(before, increment);
        float part = Real.Subtract(sum, before);
        float error = Real.Add(Real.Subtract(before, Real.Subtract(sum, part)), Real.Subtract(increment, part));
        // The exponent bits alone are the power of two below |sum|; its last bit is worth 2^-23 of that.
        float power = Interop.IntAsFloat(Interop.FloatAsInt(sum) & 0x7f800000u);
        float uniform = (int)Noise(ordinal, element);
        return Real.Add(sum, Real.MultiplyAdd(uniform, Real.Multiply(power, 1.1920929e-7f * 2.32830644e-10f), error));
    }

    private static uint Noise(uint ordinal, uint element)
    {
        uint x = element * 0x9e3779b9u + ordinal * 0x85ebca6bu;
        x ^= x >> 16;
        x *= 0x7feb352du;
        x ^= x >> 15;
        x *= 0x846ca68bu;
        x ^= x >> 16;
        return x;
    }
}
