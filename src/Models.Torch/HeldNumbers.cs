using TorchSharp;

namespace Foretell.Models.Torch;

/// <summary>Numbers as operations on tensors take them, and the operations that would otherwise make some of their own.</summary>
/// <remarks>TorchSharp (0.107) frees a <see cref="Scalar"/> when the collector finds that nobody holds it, and the call that it was
/// made for does not count as holding: a collection at that moment has Torch read freed memory, which gives another number or a
/// fault. So a number outlives its call here, as a field or until the end of a using. HeldNumbersTests reads the compiled code:
/// none is made in passing.</remarks>
internal static class HeldNumbers
{
    public static readonly Scalar Zero = 0, One = 1, NegativeInfinity = float.NegativeInfinity;

    /// <summary>a + b; TorchSharp's operator makes the 1 that b is multiplied by.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary>a times a number.</summary>
    public static Tensor Times(this Tensor a, float factor)
    {
        using Scalar held = factor;
        return a.mul(held);
    }

    /// <summary>first, first + 1 and on. Shape [count].</summary>
    public static Tensor Range(int first, int count, torch.ScalarType type, torch.Device device)
    {
        using Scalar start = first, stop = first + count;
        return torch.arange(start, stop, One, type, device);
    }
}
