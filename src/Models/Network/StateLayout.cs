namespace Foretell.Models;

/// <summary>Floats of one stream's row: per layer the averages and each head's log-mass (leading and trailing parts), then the last hidden vector.</summary>
internal sealed class StateLayout(ModelConfig config)
{
    /// <summary>Floats of one layer's state: average [d], log-mass high [H], log-mass low [H].</summary>
    public int LayerFloats { get; } = config.Width + 2 * config.Heads;

    /// <summary>Floats of mixer state.</summary>
    public int MixerFloats { get; } = config.Layers * (config.Width + 2 * config.Heads);

    /// <summary>Floats of a row.</summary>
    public int Floats { get; } = config.Layers * (config.Width + 2 * config.Heads) + config.Width;

    /// <summary>Writes the state of a stream without events.</summary>
    public void WriteEmpty(Span<float> row)
    {
        row.Clear();
        for (int l = 0; l < config.Layers; l++)
        {
            row.Slice(l * LayerFloats + config.Width, config.Heads).Fill(AarenLanes.EmptyLogMass);
        }
    }
}
