using Foretell.Models.Configuration;
using Foretell.Models.Control;
using Foretell.Models.Network;
using Foretell.Models.Numerics;
using Foretell.Models.Training;

namespace Foretell.Models.Actions;

/// <summary>Fits a model to logged episodes: behind every observation it is to say the action that was chosen, knowing what all later
/// rewards came to. Each tenth episode is not learned from: it says when to stop.</summary>
public static class ActionTrainer
{
    /// <summary>Passes over the data, and learning rate, unless told otherwise.</summary>
    public const int DefaultEpochs = 32;

    /// <inheritdoc cref="DefaultEpochs"/>
    public const double DefaultLearningRate = 6e-3;

    /// <summary>An episode of so many says when to stop.</summary>
    private const int HeldOut = 10;

    /// <summary>Trains by the default recipe.</summary>
    /// <param name="episodes">Logged episodes, 10 or more, each of a step or more.</param>
    /// <param name="actions">Actions that there are.</param>
    /// <param name="options">Shape, learning rate, epochs, seed and threads.</param>
    /// <exception cref="ArgumentException">There are too few episodes, or one is empty.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ActionModel Train(IReadOnlyList<ControlEpisode> episodes, int actions, TrainingOptions options,
        IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (episodes.Count < HeldOut || episodes.Any(e => e.Steps == 0))
        {
            string lack = episodes.Count < HeldOut ? $"there are {episodes.Count}" : "one of them has none";
            throw new ArgumentException($"Training needs {HeldOut} episodes or more of a step or more each, and {lack}. Give a longer log.", nameof(episodes));
        }
        ModelConfig config = options.Shape with { Actions = ShapeOf(episodes, actions) };
        config.Validate();
        var layout = new ParameterLayout(config);
        EncodedSequence[] all = [.. episodes.Select(e =>
            new EncodedSequence(new EncodedEpisode(config.Actions, e.ReturnsToGo(), e.Observations, e.Actions), config))];
        using var weights = new AlignedBuffer(layout.Length);
        ParameterInitializer.Fill(weights.Span, layout, options.Seed, 1.0 / all.Max(s => s.Length), 1);
        using var gradient = new BatchGradient(config, layout, timeHead: null, options.Threads);
        Optimised best = Optimiser.Run(layout, weights, gradient, [.. all.Where((_, i) => i % HeldOut != HeldOut - 1)],
            [.. all.Where((_, i) => i % HeldOut == HeldOut - 1)], options, progress, cancellationToken);
        return new ActionModel(config, layout, best.Weights);
    }

    private static ActionShape ShapeOf(IReadOnlyList<ControlEpisode> episodes, int actions) => new(actions,
        [.. Enumerable.Range(0, episodes[0].Observations[0].Length).Select(i =>
            ValueScale.Of(FormattableString.Invariant($"o{i}"), [.. episodes.SelectMany(e => e.Observations.Select(o => o[i]))]))],
        ValueScale.Of("return", [.. episodes.SelectMany(e => e.ReturnsToGo())]), episodes.Max(e => e.Steps));
}
