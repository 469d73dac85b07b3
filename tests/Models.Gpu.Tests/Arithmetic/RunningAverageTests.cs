using System.Runtime.Intrinsics;
using Foretell.Models.Gpu.Arithmetic;
using Foretell.Models.Mixers;
using Foretell.Models.Numerics;

namespace Foretell.Models.Gpu.Tests.Arithmetic;

/// <summary>Log-masses and averages against the CPU's lanes, bit for bit.</summary>
public class RunningAverageTests
{
    private const int Seed = 64, Draws = 50_000;

    [Fact]
    public void Fold_WhenMassesScoresAndFadesAreRandom_HasTheBitsOfTheLanes()
    {
        var random = new RandomStream(Seed);
        for (int i = 0; i < Draws; i++)
        {
            float high = i % 10 == 0 ? AarenLanes.EmptyLogMass : Normal(random, 10), low = Normal(random, 1e-7f);
            float score = i % 7 == 0 ? high : Normal(random, 5), fade = i % 5 == 0 ? 0 : Math.Abs(Normal(random, 3));
            Vector512<float> highs = Vector512.Create(high), lows = Vector512.Create(low);
            var gates = AarenLanes.Advance(ref highs, ref lows, Vector512.Create(score), Vector512.Create(fade));

            LogMass folded = LogMass.Fold(high, low, score, fade);

            AssertSame((highs[5], lows[5], gates[5], (highs + lows)[5]), (folded.High, folded.Low, folded.Gate, folded.Value));
        }
    }

    [Fact]
    public void Move_WhenAveragesGatesAndOrdinalsAreRandom_HasTheBitsOfTheLanes()
    {
        var random = new RandomStream(Seed, 1);
        for (int i = 0; i < Draws; i++)
        {
            float before = i % 9 == 0 ? 0 : Normal(random, 1), value = i % 11 == 0 ? before : Normal(random, 1);
            float gate = (float)Math.Exp(-25 * random.NextDouble());
            uint ordinal = (uint)random.NextUInt64(), first = (uint)random.NextInt(1 << 20), lane = (uint)random.NextInt(16);
            var moved = Dither.Lerp(Vector512.Create(before), Vector512.Create(value), Vector512.Create(gate),
                Dither.Noise(ordinal, first));

            float average = DitheredAverage.Move(before, value, gate, ordinal, first + lane);

            AssertSame(moved[(int)lane], average);
        }
    }

    private static float Normal(RandomStream random, float deviation) => deviation * (float)random.NextNormal();

    private static void AssertSame((float, float, float, float) expected, (float, float, float, float) actual)
    {
        AssertSame(expected.Item1, actual.Item1);
        AssertSame(expected.Item2, actual.Item2);
        AssertSame(expected.Item3, actual.Item3);
        AssertSame(expected.Item4, actual.Item4);
    }

    private static void AssertSame(float expected, float actual) =>
        Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(actual));
}
