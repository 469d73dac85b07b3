using Foretell.Models.Configuration;
using Foretell.Models.Mixers;

namespace Foretell.Models.Network;

/// <summary>Floats of one stream's row: each layer's mixer state, then the last hidden vector; behind this fixed part a tail,
/// where the mixer's state grows.</summary>
internal sealed unsafe class StateLayout(ModelConfig config, ParameterLayout layout)
{
    /// <summary>Floats of mixer state in the fixed part.</summary>
    public int MixerFloats { get; } = layout.Layers.Sum(l => l.Mixer.StateFloats);

    /// <summary>Floats of the fixed part: all of the row, where the state has a constant size.</summary>
    public int Floats => MixerFloats + config.Width;

    /// <summary>Floats that the tail grows by with every 16 events; 0 for a constant size.</summary>
    public int TailBlockFloats { get; } = layout.Layers.Sum(l => l.Mixer.TailBlockFloats);

    /// <summary>Floats of the tail after a number of events.</summary>
    public long TailFloats(long events) => TailBlockFloats * ((events + KvBlocks.Events - 1) / KvBlocks.Events);

    /// <summary>Events that a row has seen; 0 where it has no tail.</summary>
    public long Events(float* row) => TailBlockFloats == 0 ? 0 : layout.Layers[0].Mixer.Events(row)!.Value;

    /// <summary>Whether all layers have seen as many events, and no more than a tail can be long for: steps take their places in the
    /// row's memory from these counts.</summary>
    public bool AgreesOnEvents(float* row)
    {
        long? first = layout.Layers[0].Mixer.Events(row);
        foreach (LayerParameters layer in layout.Layers)
        {
            if (layer.Mixer.Events(row + layer.Mixer.StateOffset) is { } events && (events != first || events is < 0 or >= int.MaxValue))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Writes the fixed part of a stream without events; its tail is empty.</summary>
    public void WriteEmpty(Span<float> row)
    {
        row.Clear();
        foreach (LayerParameters layer in layout.Layers)
        {
            layer.Mixer.WriteEmpty(row.Slice(layer.Mixer.StateOffset, layer.Mixer.StateFloats));
        }
    }
}
