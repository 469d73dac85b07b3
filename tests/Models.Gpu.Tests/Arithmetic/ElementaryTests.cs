using System.Runtime.Intrinsics;
using Foretell.Models.Gpu.Arithmetic;
using Foretell.Models.Numerics;

namespace Foretell.Models.Gpu.Tests.Arithmetic;

/// <summary>The kernel's functions against the CPU's vectors over floats of every size, bit for bit.</summary>
public class ElementaryTests
{
    /// <summary>A prime: in steps of it the floats are met with all kinds of trailing bits.</summary>
    private const uint Stride = 8191;

    [Fact]
    public void Exp_OverAllFloats_HasTheBitsOfTheVectors() => Compare(x => !float.IsNaN(x), Elementary.Exp, VectorMath.Exp);

    [Fact]
    public void Weight_OverAllFloats_HasTheBitsOfTheVectors() => Compare(x => !float.IsNaN(x), Elementary.Weight, VectorMath.Weight);

    [Fact]
    public void Sigmoid_OverAllFloats_HasTheBitsOfTheVectors() => Compare(x => !float.IsNaN(x), Elementary.Sigmoid, VectorMath.Sigmoid);

    [Fact]
    public void Silu_OverAllFiniteFloats_HasTheBitsOfTheVectors() =>
        Compare(float.IsFinite, Elementary.Silu, x => x * VectorMath.Sigmoid(x));

    [Fact]
    public void Log_OverThePositiveNormalFloats_HasTheBitsOfTheVectors() =>
        Compare(x => x > 0 && float.IsNormal(x), Elementary.Log, VectorMath.Log);

    [Fact]
    public void Log1p_FromZeroToOne_HasTheBitsOfTheVectors() => Compare(x => x is >= 0 and <= 1, Elementary.Log1p, VectorMath.Log1p);

    private static void Compare(Func<float, bool> domain, Func<float, float> scalar, Func<Vector512<float>, Vector512<float>> vector)
    {
        int compared = 0;
        for (ulong bits = 0; bits <= uint.MaxValue; bits += Stride)
        {
            float x = BitConverter.UInt32BitsToSingle((uint)bits);
            if (!domain(x))
            {
                continue;
            }
            uint expected = BitConverter.SingleToUInt32Bits(vector(Vector512.Create(x))[3]);
            if (expected != BitConverter.SingleToUInt32Bits(scalar(x)))
            {
                Assert.Fail($"Of {x:R}: expected {BitConverter.UInt32BitsToSingle(expected):R}, got {scalar(x):R}.");
            }
            compared++;
        }
        Assert.True(compared > 100_000, $"Only {compared} floats lie in the domain.");
    }
}
