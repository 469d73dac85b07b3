namespace Foretell.Models;

/// <summary>Floats of one stream's row: each layer's mixer state, then the last hidden vector.</summary>
internal sealed class StateLayout(ModelConfig config, ParameterLayout layout)
{
    /// <summary>Floats of mixer state.</summary>
    public int MixerFloats { get; } = layout.Layers.Sum(l => l.Mixer.StateFloats);

    /// <summary>Floats of a row.</summary>
    public int Floats => MixerFloats + config.Width;

    /// <summary>Writes the state of a stream without events.</summary>
    public void WriteEmpty(Span<float> row)
    {
        row.Clear();
        foreach (LayerParameters layer in layout.Layers)
        {
            layer.Mixer.WriteEmpty(row.Slice(layer.Mixer.StateOffset, layer.Mixer.StateFloats));
        }
    }
}
