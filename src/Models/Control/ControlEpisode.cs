namespace Foretell.Models.Control;

/// <summary>An episode that was played.</summary>
/// <param name="Observations">What was seen before each action. Shape [steps][observations].</param>
/// <param name="Actions">What was done. Shape [steps].</param>
/// <param name="Rewards">What came of it. Shape [steps].</param>
public sealed record ControlEpisode(IReadOnlyList<double[]> Observations, IReadOnlyList<int> Actions, IReadOnlyList<double> Rewards)
{
    /// <summary>Steps.</summary>
    public int Steps => Actions.Count;

    /// <summary>All rewards.</summary>
    public double Return => Rewards.Sum();

    /// <summary>Plays one.</summary>
    /// <param name="task">The task.</param>
    /// <param name="seed">Says where it begins.</param>
    /// <param name="act">Action by observation.</param>
    public static ControlEpisode Play(ControlTask task, long seed, Func<double[], int> act)
    {
        List<double[]> observations = [];
        List<int> actions = [];
        List<double> rewards = [];
        for (double[] seen = task.Reset(seed); !task.IsOver;)
        {
            observations.Add(seen);
            actions.Add(act(seen));
            (seen, double reward, _) = task.Step(actions[^1]);
            rewards.Add(reward);
        }
        return new ControlEpisode(observations, actions, rewards);
    }

    /// <summary>Of each step the rewards from it on: the return-to-go. Shape [steps].</summary>
    public double[] ReturnsToGo()
    {
        double[] toGo = [.. Rewards];
        for (int t = toGo.Length - 2; t >= 0; t--)
        {
            toGo[t] += toGo[t + 1];
        }
        return toGo;
    }
}
