using Foretell.Models.Configuration;
using Foretell.Models.Layers;

namespace Foretell.Models.Inputs;

/// <summary>What the network reads of an episode's events: x += W f. The features f are those of one kind of event, and 0 for the others:
/// the return-to-go; an observation; or which action it was. Beside them stand which kind it is, and how much of the horizon has
/// passed.</summary>
/// <remarks>Three events a step, each with its place in time: Chen et al., "Decision Transformer", NeurIPS 2021.</remarks>
/// <param name="shape">Actions and observations.</param>
/// <param name="width">Hidden width d.</param>
/// <param name="add">Lays out its tensor.</param>
internal sealed class ActionInput(ActionShape shape, int width, AddParameter add)
    : FeatureInput("embed.action", CountOf(shape), width, add)
{
    /// <summary>Kinds of event, and the time.</summary>
    private const int Common = ActionShape.EventsPerStep + 1;

    /// <summary>A number further from the mean than so many deviations counts as so far.</summary>
    private const double Farthest = 8;

    /// <summary>Floats that the features of an event take.</summary>
    public static int StrideOf(ActionShape shape) => StrideOf(CountOf(shape));

    /// <summary>Writes what is hoped for.</summary>
    /// <param name="step">Step of the episode, from 0.</param>
    /// <param name="returnToGo">Rewards from this step on.</param>
    /// <param name="features">Output. Shape [stride].</param>
    public static void WriteReturn(ActionShape shape, int step, double returnToGo, Span<float> features)
    {
        Begin(shape, 0, step, features);
        features[Common] = Standardised(returnToGo, shape.ReturnToGo);
    }

    /// <summary>Writes what is seen.</summary>
    /// <param name="observation">Shape [observations].</param>
    /// <inheritdoc cref="WriteReturn"/>
    public static void WriteObservation(ActionShape shape, int step, ReadOnlySpan<double> observation, Span<float> features)
    {
        Begin(shape, 1, step, features);
        for (int i = 0; i < observation.Length; i++)
        {
            features[Common + 1 + i] = Standardised(observation[i], shape.Observations[i]);
        }
    }

    /// <summary>Writes what is done.</summary>
    /// <param name="action">From 0 on.</param>
    /// <inheritdoc cref="WriteReturn"/>
    public static void WriteAction(ActionShape shape, int step, int action, Span<float> features)
    {
        Begin(shape, 2, step, features);
        features[Common + 1 + shape.Observations.Count + action] = 1;
    }

    private static void Begin(ActionShape shape, int kind, int step, Span<float> features)
    {
        features.Clear();
        features[kind] = 1;
        features[Common - 1] = (float)step / shape.Horizon;
    }

    private static float Standardised(double x, ValueScale scale) =>
        (float)Math.Clamp((x - scale.Mean) / scale.Deviation, -Farthest, Farthest);

    private static int CountOf(ActionShape shape) => Common + 1 + shape.Observations.Count + shape.Actions;
}
