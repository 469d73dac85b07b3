using Foretell.Models.Control;
using Foretell.Models.Numerics;

namespace Foretell.Models.Tests.Control;

/// <summary>The control tasks against the physics that they stand for, and what their controllers reach.</summary>
public sealed class ControlTaskTests
{
    private const long Seed = 5;

    /// <summary>Accelerations, read off two observations, solve the equations of motion of cart and pole as Lagrange gives them.</summary>
    [Fact]
    public void Step_OfTheCartPole_KeepsTheEquationsOfMotion()
    {
        const double CartMass = 1, PoleMass = 0.1, Half = 0.5, Gravity = 9.8, Seconds = 0.02;
        AlongRandomSteps(new CartPole { Ticks = 1 }, (before, action, after, reward) =>
        {
            double push = action == 1 ? 10 : -10, angle = before[2], turn = before[3];
            double pushing = (after[1] - before[1]) / Seconds, turning = (after[3] - turn) / Seconds;
            Assert.Equal(push, (CartMass + PoleMass) * pushing
                + PoleMass * Half * (turning * Math.Cos(angle) - turn * turn * Math.Sin(angle)), 1e-9);
            Assert.Equal(PoleMass * Gravity * Half * Math.Sin(angle),
                PoleMass * Half * pushing * Math.Cos(angle) + 4.0 / 3 * PoleMass * Half * Half * turning, 1e-9);
            Assert.Equal(before[0] + Seconds * before[1], after[0], 1e-12);
            Assert.Equal(1, reward);
        });
    }

    /// <summary>A rod that turns about its end: moment of inertia 1/3, weight at its middle.</summary>
    [Fact]
    public void Step_OfThePendulum_KeepsTheEquationOfMotionAndItsCosts()
    {
        const double Gravity = 10, Seconds = 0.05;
        AlongRandomSteps(new Pendulum { Ticks = 1 }, (before, action, after, reward) =>
        {
            double torque = action - 2, angle = Math.Atan2(before[1], before[0]), speed = before[2];
            Assert.Equal(torque + Gravity * 0.5 * Math.Sin(angle), 1.0 / 3 * (after[2] - speed) / Seconds, 1e-9);
            Assert.Equal(Math.Cos(angle + Seconds * after[2]), after[0], 1e-9);
            Assert.Equal(-(angle * angle + 0.1 * speed * speed + 0.001 * torque * torque), reward, 1e-9);
        });
    }

    [Fact]
    public void Step_OfTheMountainCar_IsTheBooksAndStopsAtTheLeftEnd()
    {
        AlongRandomSteps(new MountainCar { Ticks = 1 }, (before, action, after, reward) =>
        {
            Assert.Equal(before[1] + 0.001 * (action - 1) - 0.0025 * Math.Cos(3 * before[0]), after[1], 1e-12);
            Assert.Equal(before[0] + after[1], after[0], 1e-12);
            Assert.Equal(-1, reward);
        });
        // Where it swings as hard as it can, but brakes before the goal, it meets the left end: it stands there, and never lies behind it.
        double[][] swung = [.. Enumerable.Range(0, 20).SelectMany(i =>
            ControlEpisode.Play(new MountainCar(), Seed + i, seen => seen[1] > 0 && seen[0] < 0.2 ? 2 : 0).Observations)];
        Assert.All(swung, seen => Assert.InRange(seen[0], -1.2, 0.5));
        Assert.Contains(swung, seen => seen[0] == -1.2 && seen[1] == 0);
    }

    /// <summary>The skilled controller solves each task, and the hasty one none: that is what makes logs of both worth learning
    /// from.</summary>
    [Theory]
    [InlineData("cart-pole", 200, 200, 60)]
    [InlineData("pendulum", -400, -200, -1300)]
    [InlineData("mountain car", -130, -100, -200)]
    public void Skilled_InEachTask_SolvesItWhereTheHastyOneDoesNot(string name, double least, double most, double hastyAtMost)
    {
        ControlTask task = ControlTask.All.Select(make => make()).Single(t => t.Name == name);
        long[] seeds = ControlLog.PlaySeeds(30);

        double[] skilled = [.. seeds.Select(seed => ControlEpisode.Play(task, seed, seen => task.Skilled(seen)).Return)];
        double[] hasty = [.. seeds.Select(seed => ControlEpisode.Play(task, seed, seen => task.Hasty(seen)).Return)];

        Assert.All(skilled, r => Assert.InRange(r, least, most));
        Assert.True(hasty.Average() <= hastyAtMost, $"{hasty.Average()}");
        (double mark, double random) = ControlLog.Marks(task, seeds);
        Assert.Equal(skilled.Average(), mark, 1e-9);
        Assert.True(random < mark - 0.3 * Math.Abs(mark));
    }

    [Fact]
    public void Reset_WithTheSameSeed_BeginsTheSameEpisode()
    {
        foreach (ControlTask task in ControlTask.All.Select(make => make()))
        {
            double[] first = task.Reset(Seed);
            task.Step(0);
            Assert.Equal(first, task.Reset(Seed));
            Assert.NotEqual(first, task.Reset(Seed + 1));
            Assert.Equal(task.Observations, first.Length);
        }
    }

    /// <summary>An action holds for two ticks, and both are rewarded; where the first ends the episode, it alone is.</summary>
    [Fact]
    public void Step_OfTwoTicks_IsTwoStepsOfOne()
    {
        ControlTask two = new CartPole(), one = new CartPole { Ticks = 1 };
        Assert.Equal(two.Reset(Seed), one.Reset(Seed));
        double sum = 0;
        while (!two.IsOver)
        {
            ControlStep step = two.Step(1), first = one.Step(1), second = first.IsOver ? first : one.Step(1);
            sum += step.Reward;
            Assert.Equal(second.Observation, step.Observation);
            Assert.Equal((first.IsOver ? 1 : 2, second.IsOver), (step.Reward, step.IsOver));
        }
        Assert.InRange(sum, 8, 12);
    }

    [Fact]
    public void Step_WhenTheEpisodeIsOverOrTheActionIsNone_SaysSo()
    {
        var task = new MountainCar();

        Assert.Equal("The episode of mountain car is over. Begin another with Reset.", Assert.Throws<InvalidOperationException>(() => task.Step(1)).Message);
        task.Reset(Seed);
        Assert.StartsWith("An action of mountain car must be 0 to 2.", Assert.Throws<ArgumentOutOfRangeException>(() => task.Step(3)).Message);
        for (int t = 0; t < ControlTask.Horizon; t++)
        {
            Assert.Equal(t == ControlTask.Horizon - 1, task.Step(1).IsOver);
        }
        Assert.Throws<InvalidOperationException>(() => task.Step(1));
    }

    /// <summary>Random actions, of which every step is looked at that is not the last of its episode.</summary>
    private static void AlongRandomSteps(ControlTask task, Action<double[], int, double[], double> look)
    {
        var random = new RandomStream(Seed);
        for (int episode = 0; episode < 3; episode++)
        {
            ControlEpisode played = ControlEpisode.Play(task, Seed + episode, _ => random.NextInt(task.Actions));
            for (int t = 0; t + 1 < played.Steps; t++)
            {
                look(played.Observations[t], played.Actions[t], played.Observations[t + 1], played.Rewards[t]);
            }
        }
    }
}
