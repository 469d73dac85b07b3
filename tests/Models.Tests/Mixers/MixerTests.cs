using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.Mixers;
using Foretell.Models.Numerics;
using Foretell.Models.Tests.Reference;
using Foretell.Support;

namespace Foretell.Models.Tests.Mixers;

public class MixerTests
{
    private const int Seed = 91;

    public static TheoryData<string, bool, int, int> Trainable()
    {
        var data = new TheoryData<string, bool, int, int>();
        foreach (string mixer in new[] { "aaren", "linear", "softmax" })
        {
            foreach (bool decay in new[] { true, false })
            {
                // Heads of one vector, of less, of more, and of no even share of one.
                foreach ((int width, int heads) in new[] { (32, 2), (32, 4), (48, 2), (48, 16) })
                {
                    data.Add(mixer, decay, width, heads);
                }
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Trainable))]
    public void Forms_WhenComparedWithPlainLoops_Agree(string mixer, bool decay, int width, int heads)
    {
        using var c = new MixerCase(Config(mixer, decay, width, heads), 1, 33, 100);
        double[][] expected = c.Reference(c.Hidden);
        AssertClose(expected, c.Parallel(), width);
        AssertClose(expected, c.Recurrent(), width);
    }

    [Theory]
    [MemberData(nameof(Trainable))]
    public void Backward_WhenComparedWithDifferences_Agrees(string mixer, bool decay, int width, int heads)
    {
        // Longer than a stretch of linear attention and a block of softmax's queries.
        using var c = new MixerCase(Config(mixer, decay, width, heads), 3, 41);
        double[][] direction = c.Direction();
        double Loss(double[][] output) => output.Zip(direction, (o, g) => g.Select((x, i) => x * o[i]).Sum()).Sum();
        (float[] dHidden, float[] gradient) = c.Backward(direction);
        var random = new RandomStream(Seed);
        double[] hidden = c.Hidden;
        foreach (int i in Enumerable.Range(0, 6).Select(_ => random.NextInt(hidden.Length)))
        {
            AssertGradient("input", i, FiniteDifference.Of(x => Loss(c.Reference(x)), hidden, i), dHidden[i]);
        }
        foreach (Parameter p in c.Parameters.Where(p => decay || !p.Name.Contains("decay")))
        {
            double[] values = c.Of(p);
            foreach (int i in Enumerable.Range(0, 3).Select(_ => random.NextInt(values.Length)).Distinct())
            {
                double expected = FiniteDifference.Of(x => Loss(c.Reference(hidden, p.Name, x)), values, i);
                AssertGradient(p.Name, i, expected, gradient[TestModels.Place(p, i)]);
            }
        }
    }

    [Theory]
    [InlineData("tova", 1)]
    [InlineData("tova", 16)]
    [InlineData("tova", 37)]
    [InlineData("window", 1)]
    [InlineData("window", 32)]
    [InlineData("window+1", 5)]
    [InlineData("window+4", 24)]
    [InlineData("h2o", 1)]
    [InlineData("h2o", 7)]
    [InlineData("h2o", 32)]
    public void Policy_WhenComparedWithThePapersText_KeepsTheSameEvents(string mixer, int states)
    {
        foreach (bool decay in new[] { true, false })
        {
            using var c = new MixerCase(Config(mixer, decay, 32, 4) with { States = states }, 120, 20);
            double[][] expected = c.Reference(c.Hidden);
            AssertClose(expected, c.Recurrent(), 32);
            AssertClose(expected, c.Parallel(), 32);
        }
    }

    [Theory]
    [InlineData("tova")]
    [InlineData("window")]
    [InlineData("window+3")]
    public void Policy_WhenAllEventsFit_GivesSoftmaxBitForBit(string mixer)
    {
        using var all = new MixerCase(Config("softmax", true, 32, 4), 40);
        using var bounded = new MixerCase(Config(mixer, true, 32, 4) with { States = 40 }, 40);
        double[][] expected = all.Recurrent(), actual = bounded.Recurrent();
        for (int t = 0; t < expected.Length; t++)
        {
            Assert.Equal(expected[t], actual[t]);
        }
    }

    private static ModelConfig Config(string mixer, bool decay, int width, int heads) =>
        TestModels.Config(decay, width: width, layers: 1, heads: heads) with { Mixer = mixer };

    /// <summary>Norm of the difference over the norm of the reference at every event, and log-masses relative to their size.</summary>
    private static void AssertClose(double[][] expected, double[][] actual, int width)
    {
        for (int t = 0; t < expected.Length; t++)
        {
            double error = 0, norm = 0;
            for (int j = 0; j < width; j++)
            {
                error += (actual[t][j] - expected[t][j]) * (actual[t][j] - expected[t][j]);
                norm += expected[t][j] * expected[t][j];
            }
            Assert.True(Math.Sqrt(error) <= 1e-5 * Math.Sqrt(norm),
                $"Event {t}: values differ by {Math.Sqrt(error / norm)} of their norm.");
            for (int h = width; h < expected[t].Length; h++)
            {
                Assert.True(Math.Abs(actual[t][h] - expected[t][h]) <= 1e-5 * (1 + Math.Abs(expected[t][h])),
                    $"Event {t}, head {h - width}: log-mass {actual[t][h]}, expected {expected[t][h]}.");
            }
        }
    }

    private static void AssertGradient(string name, int index, double expected, double actual) =>
        Assert.True(Math.Abs(expected - actual) <= 1e-3 * (1 + Math.Abs(expected)),
            $"{name}[{index}]: backward pass {actual}, differences {expected}.");
}
