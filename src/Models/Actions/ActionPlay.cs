using Foretell.Models.Control;

namespace Foretell.Models.Actions;

/// <summary>Plays a task by a model: from the return that is hoped for, each reward taken off as it comes.</summary>
public static class ActionPlay
{
    /// <summary>Returns of episodes, played side by side with the likeliest action at each step.</summary>
    /// <param name="model">The model.</param>
    /// <param name="task">Makes the task.</param>
    /// <param name="seeds">Where each episode begins; at most <see cref="ActionStreams.Most"/>.</param>
    /// <param name="target">Return that is hoped for.</param>
    public static double[] Returns(ActionModel model, Func<ControlTask> task, IReadOnlyList<long> seeds, double target)
    {
        ControlTask[] tasks = [.. seeds.Select(_ => task())];
        double[][] seen = [.. tasks.Zip(seeds, (t, seed) => t.Reset(seed))];
        double[] returns = new double[tasks.Length];
        using var streams = new ActionStreams(model, tasks.Length);
        int[] playing = [.. Enumerable.Range(0, tasks.Length)];
        while (playing.Length > 0)
        {
            streams.Observe(playing, [.. playing.Select(i => target - returns[i])], [.. playing.Select(i => seen[i])]);
            int[] actions = [.. playing.Select(streams.Likeliest)];
            streams.Act(playing, actions);
            for (int i = 0; i < playing.Length; i++)
            {
                int at = playing[i];
                (seen[at], double reward, _) = tasks[at].Step(actions[i]);
                returns[at] += reward;
            }
            playing = [.. playing.Where(i => !tasks[i].IsOver)];
        }
        return returns;
    }
}
