using Foretell.Models.Configuration;
using Foretell.Models.Layers;
using Foretell.Models.Numerics;

namespace Foretell.Models.Mixers;

/// <summary>The attention part of one layer, in one place: its parameters, its share of a row, its recurrent and its parallel
/// form.</summary>
/// <remarks>
/// A mixer reads a layer's normalised input and writes, per event, the heads' values [d] and then each head's log-mass
/// in a vector of its own. With decay the log-masses are inputs of the output projection: for an exponential kernel
/// they are the logarithm of a Hawkes intensity. A new mixer is a class derived from this one with its two forms.
/// </remarks>
internal abstract unsafe class Mixer(ModelConfig config, int layer)
{
    /// <summary>Heads that fit one vector: the most that a layer has.</summary>
    public const int MaxHeads = 16;

    /// <summary>Columns of the output that the layer reads: values, and with decay the log-masses.</summary>
    public int OutputColumns => config.Decay ? config.Width + config.Heads : config.Width;

    /// <summary>Floats of one row of output: values [d], log-masses [16].</summary>
    public int OutputStride => OutputFloats(config);

    /// <summary>Floats of this layer's state.</summary>
    public abstract int StateFloats { get; }

    /// <summary>Floats that the row's tail grows by with every 16 events; 0 where the state has a constant size.</summary>
    public virtual int TailBlockFloats => 0;

    /// <summary>Where this layer's state starts in a row.</summary>
    public int StateOffset => layer * StateFloats;

    /// <summary>Configuration of the model.</summary>
    protected ModelConfig Config => config;

    /// <summary>Index of the layer.</summary>
    protected int Layer => layer;

    /// <summary>The mixer that a configuration names, with its tensors declared.</summary>
    public static Mixer Create(ModelConfig config, int layer, AddParameter add) => MixerName.Parse(config.Mixer).Kind switch
    {
        MixerKind.Aaren => new AarenMixer(config, layer, add),
        MixerKind.Linear => new LinearMixer(config, layer, add),
        _ => new SoftmaxMixer(config, layer, add),
    };

    /// <summary>Floats of one row of any mixer's output.</summary>
    public static int OutputFloats(ModelConfig config) => config.Width + MaxHeads;

    /// <summary>Writes the state of a stream without events. Shape [StateFloats].</summary>
    public abstract void WriteEmpty(Span<float> state);

    /// <summary>Events that the state has seen, where it counts them itself; else null.</summary>
    public virtual long? Events(ReadOnlySpan<float> state) => null;

    /// <summary>Whether what the state holds as numbers are numbers.</summary>
    public virtual bool IsFinite(ReadOnlySpan<float> state) => FiniteNumbers.Are(state);

    /// <summary>The recurrent form. One thread uses it at a time.</summary>
    /// <param name="weights">Parameter vector; must outlive the step.</param>
    public abstract MixerStep Recurrent(float* weights);

    /// <summary>The parallel form with room for a number of rows. One thread uses it at a time.</summary>
    public abstract MixerPass Parallel(int rows);
}

/// <summary>A mixer's recurrent form: one event on each of a tile of rows.</summary>
internal abstract unsafe class MixerStep : IDisposable
{
    /// <summary>Advances the layer's state in each row and writes the layer's attention output.</summary>
    /// <param name="inputs">At most <see cref="RowTile.MaxRows"/> events.</param>
    /// <param name="hidden">Normalised input. Shape [n, d].</param>
    /// <param name="rows">Each event's row.</param>
    /// <param name="output">Output. Shape [n, OutputStride].</param>
    public abstract void Advance(ReadOnlySpan<StepInput> inputs, float* hidden, RowTile rows, float* output);

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>A mixer's parallel form over whole sequences, forwards and backwards. Sequences lie one behind the other without
/// padding.</summary>
internal abstract unsafe class MixerPass : IDisposable
{
    /// <summary>Runs attention and keeps what the backward pass needs.</summary>
    /// <param name="weights">Parameter vector.</param>
    /// <param name="lengths">Rows of each sequence.</param>
    /// <param name="gaps">Time since the previous event; a sequence's first is ignored. Shape [rows].</param>
    /// <param name="hidden">Normalised input. Shape [rows, d].</param>
    /// <param name="output">Output. Shape [rows, OutputStride].</param>
    public abstract void Forward(float* weights, ReadOnlySpan<int> lengths, float* gaps, float* hidden, float* output);

    /// <summary>Gradients of the last <see cref="Forward"/>, whose arguments come again.</summary>
    /// <param name="dOutput">Gradient of the output; may be overwritten. Shape [rows, OutputStride].</param>
    /// <param name="dHidden">Output: gradient of the input. Shape [rows, d].</param>
    /// <param name="gradient">Gradient vector, added to.</param>
    public abstract void Backward(float* weights, ReadOnlySpan<int> lengths, float* gaps, float* hidden, float* output,
        float* dOutput, float* dHidden, float* gradient);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Rows of all sequences.</summary>
    protected static int Sum(ReadOnlySpan<int> lengths)
    {
        int sum = 0;
        foreach (int n in lengths)
        {
            sum += n;
        }
        return sum;
    }
}
