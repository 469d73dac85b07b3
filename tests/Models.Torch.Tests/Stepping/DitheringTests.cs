using System.Runtime.Intrinsics;
using Foretell.Models.Mixers;
using Foretell.Models.Numerics;
using Foretell.Models.Torch.Stepping;
using Foretell.Models.Torch.Tests.Native;

namespace Foretell.Models.Torch.Tests.Stepping;

public class DitheringTests
{
    private const int Elements = 64, NumbersSeed = 84;

    private static readonly long[] s_ordinals = [0, 1, (1 << 24) + 1, 100_000_000, 1L << 32, long.MaxValue];

    [Fact]
    public void Noise_WhenComparedWithTheCpus_HasTheSameWords()
    {
        int[] words = new int[s_ordinals.Length * Elements];
        Noise(TestTorch.Cpu()).Download<int>(words);

        Assert.Equal(s_ordinals.SelectMany(CpuNoise), words);
    }

    [Fact]
    public void Add_WhenComparedWithTheCpus_RoundsAsItDoes()
    {
        TorchDevice device = TestTorch.Cpu();
        var random = new RandomStream(NumbersSeed);
        int n = s_ordinals.Length * Elements;
        float[] before = new float[n], value = new float[n], gate = new float[n], increment = new float[n];
        for (int i = 0; i < n; i++)
        {
            // From shares that a float can add to those that only chance can.
            (before[i], value[i], gate[i]) = ((float)random.NextNormal(), (float)random.NextNormal(), MathF.ScaleB(1, -(i % 30)));
            increment[i] = gate[i] * (value[i] - before[i]);
        }
        // Where everything is 0, so is the power of two that the noise is worth.
        (before[5], value[5], increment[5]) = (0, 0, 0);
        long[] shape = [s_ordinals.Length, Elements];
        float[] rounded = new float[n];

        Dithering.Add(device.Upload<float>(before, shape), device.Upload<float>(increment, shape), Noise(device)).Download<float>(rounded);

        float[] expected = [.. Enumerable.Range(0, n / 16).SelectMany(i => Values(Dither.Lerp(Of(before, i), Of(value, i), Of(gate, i),
            Dither.Noise((uint)s_ordinals[16 * i / Elements], (uint)(16 * i % Elements)))))];
        Assert.Equal(0, rounded[5]);
        Assert.All(expected.Zip(rounded),
            pair => Assert.InRange(pair.Second, MathF.BitDecrement(pair.First), MathF.BitIncrement(pair.First)));
        // A fused multiplication may round the last bit otherwise where the noise is just at the border, and nowhere else.
        Assert.InRange(expected.Zip(rounded).Count(pair => pair.First != pair.Second), 0, 2);
        Assert.Contains(expected.Zip(before.Zip(increment, (x, y) => x + y)), pair => pair.First != pair.Second);
    }

    private static Tensor Noise(TorchDevice device) =>
        Dithering.Noise(device.Upload<int>(Array.ConvertAll(s_ordinals, o => unchecked((int)o)), s_ordinals.Length, 1),
            device.Upload<int>([.. Enumerable.Range(0, Elements)], 1, Elements));

    private static IEnumerable<int> CpuNoise(long ordinal) =>
        Enumerable.Range(0, Elements / 16).SelectMany(i => Values(Dither.Noise((uint)ordinal, (uint)(16 * i))));

    private static Vector512<float> Of(float[] numbers, int vector) => Vector512.Create(numbers, 16 * vector);

    private static T[] Values<T>(Vector512<T> vector)
    {
        var values = new T[Vector512<T>.Count];
        vector.CopyTo(values);
        return values;
    }
}
