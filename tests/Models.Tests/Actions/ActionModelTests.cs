using Foretell.Models.Actions;
using Foretell.Models.Configuration;
using Foretell.Models.Control;
using Foretell.Models.Inputs;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Tests.Training;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Actions;

/// <summary>The action head and its input: gradients, and one form beside the other.</summary>
public sealed class ActionModelTests
{
    private const int Seed = 91;

    /// <summary>The whole network over an episode, of which observations alone have an action behind them.</summary>
    [Fact]
    public void Run_OverAnEpisode_AgreesWithPlainLoopsForwardsAndBackwards()
    {
        var random = new RandomStream(Seed);
        ActionShape shape = new(3, [new ValueScale("a", 0.5, 2), new ValueScale("b", 0, 1)], new ValueScale("return", 1, 3), 4);
        ModelConfig config = TestEpisodes.Small().Shape with { Actions = shape };
        var layout = new ParameterLayout(config);
        double[][] seen = [.. Enumerable.Range(0, 4).Select(_ => new[] { random.NextNormal(), random.NextNormal() })];
        double[] hoped = [4, 2.5, 1, -1];
        int[] done = [2, 0, 1, 1];
        var encoded = new EncodedEpisode(shape, hoped, seen, done);
        int stride = ActionInput.StrideOf(shape), count = layout.Inputs[0].Weight.Rows;

        Assert.Equal(12, encoded.Count);
        Assert.Equal([-1, 2, -1, -1, 0, -1, -1, 1, -1, -1, 1, -1], encoded.Chosen);
        HeadCheck.Agrees(layout, config, new EncodedSequence(encoded, config), random, network =>
        {
            double sum = 0;
            for (int row = 0; row < encoded.Count; row++)
            {
                double[] read = [.. encoded.Features.AsSpan(row * stride, count).ToArray().Select(x => (double)x)];
                double[] hidden = network.Step(0, row == 0 ? null : 1, decision: read);
                sum += encoded.Chosen[row] is >= 0 and var action ? network.Labels(hidden, "action")[action] : 0;
            }
            return sum;
        });
    }

    /// <summary>Episodes of different lengths that are played side by side choose as the parallel form does.</summary>
    [Theory]
    [InlineData("aaren", true)]
    [InlineData("aaren", false)]
    [InlineData("linear", true)]
    [InlineData("softmax", true)]
    public void Observe_StepByStep_ChoosesAsTheParallelForm(string mixer, bool decay)
    {
        ControlEpisode[] log = TestEpisodes.Log(new CartPole(), 20, Seed);
        ActionModel model = ActionTrainer.Train(log, 2, TestEpisodes.Small(mixer, decay) with { Epochs = 2 });
        ControlEpisode[] episodes = [.. log.OrderBy(e => e.Steps).Where((_, i) => i % 7 == 0)];
        double[][][] parallel = [.. episodes.Select(model.Predict)];
        double[][] hoped = [.. episodes.Select(e => e.ReturnsToGo())];
        using var streams = new ActionStreams(model, episodes.Length);
        int compared = 0;

        for (int t = 0; t < episodes.Max(e => e.Steps); t++)
        {
            int[] playing = [.. Enumerable.Range(0, episodes.Length).Where(i => t < episodes[i].Steps)];
            streams.Observe(playing, [.. playing.Select(i => hoped[i][t])], [.. playing.Select(i => episodes[i].Observations[t])]);
            foreach (int i in playing)
            {
                Assert.All(parallel[i][t].Zip(streams.Probabilities(i)), p => Assert.Equal(p.First, p.Second, 1e-5));
                compared++;
            }
            streams.Act(playing, [.. playing.Select(i => episodes[i].Actions[t])]);
        }
        Assert.Equal(episodes.Sum(e => e.Steps), compared);
        Assert.True(episodes[0].Steps < episodes[^1].Steps);
    }

    [Theory]
    [InlineData("aaren", true)]
    [InlineData("linear", true)]
    [InlineData("softmax", false)]
    public void StateBytesAfter_MoreSteps_AreTheSameWhereTheStateIsConstant(string mixer, bool isConstant)
    {
        ControlEpisode[] log = TestEpisodes.Log(new CartPole(), 10, Seed);
        ActionModel model = ActionTrainer.Train(log, 2, TestEpisodes.Small(mixer) with { Epochs = 1 });

        Assert.Equal(isConstant, model.StateBytesAfter(200) == model.StateBytesAfter(10));
        // Average [d] and log-masses [2 H] of two layers, and the hidden vector [d].
        Assert.True(mixer != "aaren" || model.StateBytesAfter(200) == 4 * (2 * (16 + 4) + 16));
    }
}
