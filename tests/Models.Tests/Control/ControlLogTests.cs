using Foretell.Models.Control;

namespace Foretell.Models.Tests.Control;

/// <summary>Logs of named seeds.</summary>
public sealed class ControlLogTests
{
    [Fact]
    public void Of_BetterQualities_HasBetterReturns()
    {
        foreach (ControlTask task in ControlTask.All.Select(make => make()))
        {
            double[] returns = [.. LogQuality.All.Select(q => ControlLog.Of(task, q, 100).Average(e => e.Return))];

            Assert.True(returns[0] < returns[1] && returns[1] < returns[2], $"{task.Name}: {string.Join(", ", returns)}");
            Assert.True(returns[2] < ControlLog.Marks(task, ControlLog.PlaySeeds(20)).Skilled);
        }
    }

    /// <summary>An action is the controller's, or drawn from all: with two actions every tenth one differs from it.</summary>
    [Fact]
    public void Of_EitherController_ReplacesAFifthOfItsActions()
    {
        var task = new CartPole();

        ControlEpisode[] skilled = ControlLog.Of(task, new LogQuality("all", 1), 50), hasty = ControlLog.Of(task, new LogQuality("none", 0), 50);

        Assert.Equal(LogQuality.RandomShare / 2, Differing(skilled, seen => task.Skilled(seen)), 0.02);
        Assert.Equal(LogQuality.RandomShare / 2, Differing(hasty, seen => task.Hasty(seen)), 0.03);

        static double Differing(ControlEpisode[] log, Func<double[], int> act) =>
            log.SelectMany(e => e.Observations.Zip(e.Actions)).Average(step => act(step.First) == step.Second ? 0.0 : 1);
    }

    [Fact]
    public void Of_TheSameSeeds_IsTheSameLogAndBeginsNowhereThatIsPlayed()
    {
        var task = new Pendulum();
        ControlEpisode[] log = ControlLog.Of(task, LogQuality.All[1], 20);

        Assert.All(log.Zip(ControlLog.Of(new Pendulum(), LogQuality.All[1], 10)), e =>
        {
            Assert.Equal(e.First.Actions, e.Second.Actions);
            Assert.Equal(e.First.Rewards, e.Second.Rewards);
        });
        Assert.Empty(log.Select(e => e.Observations[0][0]).Intersect(ControlLog.PlaySeeds(48).Select(seed => task.Reset(seed)[0])));
    }

    [Fact]
    public void ReturnsToGo_OfAnEpisode_AreWhatIsStillToCome()
    {
        var episode = new ControlEpisode([[0], [0], [0]], [0, 1, 0], [1, -2, 4]);

        Assert.Equal([3, 2, 4], episode.ReturnsToGo());
        Assert.Equal(3, episode.Return);
    }
}
