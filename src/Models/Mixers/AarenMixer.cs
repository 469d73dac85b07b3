using Foretell.Models.Configuration;
using Foretell.Models.Layers;

namespace Foretell.Models.Mixers;

/// <summary>Aaren: a running softmax of a constant query, with or without decay.</summary>
/// <remarks>
/// The query is learned and constant, so query and key fold into one score vector a head.
/// State of a layer: average [d], log-mass leading part [H], trailing part [H].
/// Source: Feng et al. 2024, "Attention as an RNN"; the decay is ours (docs/models.md).
/// </remarks>
internal sealed unsafe class AarenMixer(ModelConfig config, int layer, AddParameter add) : Mixer(config, layer)
{
    private readonly Parameter _scoreWeight = add("score.weight", config.Width, config.Heads, Initializer.Linear);
    private readonly Parameter _scoreBias = add("score.bias", 1, config.Heads, Initializer.Zero);
    private readonly Parameter _valueWeight = add("value.weight", config.Width, config.Width, Initializer.Linear);
    private readonly Parameter _valueBias = add("value.bias", 1, config.Width, Initializer.Zero);

    /// <summary>How fast the heads forget.</summary>
    public HeadDecay Decay { get; } = new(config, add);

    /// <inheritdoc/>
    public override int StateFloats => Config.Width + 2 * Config.Heads;

    /// <inheritdoc/>
    public override void WriteEmpty(Span<float> state)
    {
        state.Clear();
        state.Slice(Config.Width, Config.Heads).Fill(AarenLanes.EmptyLogMass);
    }

    /// <inheritdoc/>
    public override MixerStep Recurrent(float* weights) => new AarenStep(this, Config, Layer, weights);

    /// <inheritdoc/>
    public override MixerPass Parallel(int rows) => new AarenPass(this, Config, rows);

    /// <summary>Scores [rows, 16] and values [rows, d] of events.</summary>
    public void Project(float* weights, float* hidden, float* scores, float* values, int rows)
    {
        Linear.Forward(hidden, Config.Width, weights, _scoreWeight, _scoreBias, scores, rows);
        Linear.Forward(hidden, Config.Width, weights, _valueWeight, _valueBias, values, rows);
    }

    /// <summary>Gradients of <see cref="Project"/>; <paramref name="dHidden"/> is written, <paramref name="gradient"/> added to.</summary>
    public void ProjectBackward(float* weights, float* hidden, float* dScores, float* dValues, float* dHidden, int rows, float* gradient)
    {
        Linear.Backward(hidden, Config.Width, weights, _scoreWeight, _scoreBias, dScores, dHidden, Config.Width, rows, false, gradient);
        Linear.Backward(hidden, Config.Width, weights, _valueWeight, _valueBias, dValues, dHidden, Config.Width, rows, true, gradient);
    }
}
