using TorchSharp;

namespace Foretell.Models.Torch.Stepping;

/// <summary>Stochastic rounding of running averages by the CPU's hash (Dither in Models), in Torch's operations.</summary>
internal static class Dithering
{
    // A noise's least step in a float's last bit.
    private static readonly Scalar s_unit = 1.1920929e-7f * 2.32830644e-10f;
    private static readonly Scalar s_elementFactor = unchecked((int)0x9e3779b9), s_ordinalFactor = unchecked((int)0x85ebca6b),
        s_firstFactor = 0x7feb352d, s_secondFactor = unchecked((int)0x846ca68b);

    /// <summary>before + increment, rounded up or down with a probability proportional to the remainder.</summary>
    /// <param name="noise">From <see cref="Noise"/>. All shapes are the same.</param>
    public static Tensor Add(Tensor before, Tensor increment, Tensor noise)
    {
        Tensor sum = before.Plus(increment), part = sum - before;
        Tensor error = (before - (sum - part)).Plus(increment - part);
        (Tensor fraction, Tensor exponent) = torch.frexp(sum);
        // The power of two below |sum|, 0 for 0; a float's last bit is worth 2^-23 of it.
        Tensor power = torch.ldexp(fraction.ne(HeldNumbers.Zero).to(torch.ScalarType.Float32), exponent.sub(HeldNumbers.One));
        return sum.Plus(torch.addcmul(error, noise.to(torch.ScalarType.Float32), power.mul(s_unit), HeldNumbers.One));
    }

    /// <summary>Words that look uniform, a function of the event's ordinal and the element's index.</summary>
    /// <param name="ordinals">Shape [b, 1], Int32.</param>
    /// <param name="elements">Shape [1, n], Int32.</param>
    /// <returns>Shape [b, n], Int32.</returns>
    public static Tensor Noise(Tensor ordinals, Tensor elements)
    {
        Tensor x = elements.mul(s_elementFactor).Plus(ordinals.mul(s_ordinalFactor));
        x = Mix(x, 16).mul(s_firstFactor);
        x = Mix(x, 15).mul(s_secondFactor);
        return Mix(x, 16);
    }

    /// <summary>x ^ (x >> bits), the shift without sign.</summary>
    private static Tensor Mix(Tensor x, int bits)
    {
        // Numbers without a dimension go with tensors of any device.
        Tensor by = torch.tensor(bits), kept = torch.tensor((1 << (32 - bits)) - 1);
        return x.bitwise_xor(x.bitwise_right_shift(by).bitwise_and(kept));
    }
}
