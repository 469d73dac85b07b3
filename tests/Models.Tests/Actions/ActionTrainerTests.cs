using Foretell.Models.Actions;
using Foretell.Models.Control;

namespace Foretell.Models.Tests.Actions;

/// <summary>What is learned from logs: what the hoped-for return says, and what the past does.</summary>
public sealed class ActionTrainerTests
{
    private const int Seed = 92;

    /// <summary>The log acts at random. Who hopes for much does what was worth much after such a beginning, two steps later; who hopes for
    /// nothing does the opposite.</summary>
    [Theory]
    [InlineData("aaren")]
    [InlineData("softmax")]
    public void Train_OnRandomActions_PlaysWhatIsHopedForByWhatItSawFirst(string mixer)
    {
        ControlEpisode[] log = TestEpisodes.Log(new TestEpisodes.Cue(), 600, Seed);
        ActionModel model = ActionTrainer.Train(log, 2, TestEpisodes.Small(mixer));
        long[] seeds = ControlLog.PlaySeeds(40);

        double[] high = ActionPlay.Returns(model, () => new TestEpisodes.Cue(), seeds, 1);
        double[] low = ActionPlay.Returns(model, () => new TestEpisodes.Cue(), seeds, 0);

        Assert.Equal(0.5, log.Average(e => e.Return), 0.1);
        Assert.True(high.Average() >= 0.95, $"hoping for 1: {high.Average()}");
        Assert.True(low.Average() <= 0.05, $"hoping for 0: {low.Average()}");
    }

    [Fact]
    public void Train_WithTheSameSeed_GivesTheSameModelForAnyNumberOfThreads()
    {
        ControlEpisode[] log = TestEpisodes.Log(new CartPole(), 20, Seed);

        double[][] one = ActionTrainer.Train(log, 2, TestEpisodes.Small() with { Epochs = 2, Threads = 1 }).Predict(log[0]);
        double[][] two = ActionTrainer.Train(log, 2, TestEpisodes.Small() with { Epochs = 2, Threads = 2 }).Predict(log[0]);
        double[][] other = ActionTrainer.Train(log, 2, TestEpisodes.Small() with { Epochs = 2, Seed = 2 }).Predict(log[0]);

        Assert.Equal(one, two);
        Assert.NotEqual(one, other);
    }

    [Fact]
    public void Train_OnTooLittle_SaysWhatIsMissing()
    {
        string Refusal(IEnumerable<ControlEpisode> log) =>
            Assert.Throws<ArgumentException>(() => ActionTrainer.Train([.. log], 2, TestEpisodes.Small())).Message;
        ControlEpisode[] log = TestEpisodes.Log(new CartPole(), 10, Seed);

        Assert.StartsWith("Training needs 10 episodes or more of a step or more each, and there are 9. Give a longer log.", Refusal(log[1..]));
        Assert.StartsWith("Training needs 10 episodes or more of a step or more each, and one of them has none.", Refusal(log[1..].Append(new ControlEpisode([], [], []))));
    }
}
