using Foretell.Models.Configuration;
using Foretell.Models.Layers;

namespace Foretell.Models.Mixers;

/// <summary>Linear attention: softmax's kernel replaced by a product of positive features, so that the past is a sum.</summary>
/// <remarks>
/// The paper keeps, per head, S = sum phi(k) v' [d_h, d_h] and z = sum phi(k) [d_h]. Row i of S over z_i is the average of
/// the values weighted by feature i, and that is an Aaren head whose score is ln phi(k)_i: the state is kept that way,
/// so it neither overflows nor stands still (<see cref="LinearAttention"/>).
/// State of a layer: averages [d, d_h], log-mass of each feature leading part [d], trailing part [d].
/// Source: Katharopoulos, Vyas, Pappas, Fleuret, "Transformers are RNNs", ICML 2020, section 3; the decay is ours.
/// </remarks>
internal sealed unsafe class LinearMixer(ModelConfig config, int layer, AddParameter add) : Mixer(config, layer)
{
    /// <summary>Projections.</summary>
    public QueryKeyValue Projections { get; } = new(config, add);

    /// <summary>How fast the heads forget.</summary>
    public HeadDecay Decay { get; } = new(config, add);

    /// <inheritdoc/>
    public override int StateFloats => AverageFloats(Config) + 2 * Config.Width;

    /// <summary>Floats of the averages, which a layer's state begins with.</summary>
    public static int AverageFloats(ModelConfig config) => config.Width * (config.Width / config.Heads);

    /// <inheritdoc/>
    public override void WriteEmpty(Span<float> state)
    {
        state.Clear();
        state.Slice(AverageFloats(Config), Config.Width).Fill(AarenLanes.EmptyLogMass);
    }

    /// <inheritdoc/>
    public override MixerStep Recurrent(float* weights) => new LinearStep(this, Config, Layer, weights);

    /// <inheritdoc/>
    public override MixerPass Parallel(int rows) => new LinearPass(this, Config, rows);

    /// <summary>The heads' decay rates, given to each of a head's features.</summary>
    /// <param name="time">Output. Shape [d].</param>
    /// <param name="events">Output. Shape [d].</param>
    public void Rates(float* weights, float* time, float* events)
    {
        float* perTime = stackalloc float[MaxHeads], perEvent = stackalloc float[MaxHeads];
        Decay.Rates(weights, perTime, perEvent);
        for (int i = 0; i < Config.Width; i++)
        {
            int head = i / (Config.Width / Config.Heads);
            (time[i], events[i]) = (perTime[head], perEvent[head]);
        }
    }
}
