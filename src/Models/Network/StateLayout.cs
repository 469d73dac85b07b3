using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Numerics;

namespace Foretell.Models.Network;

/// <summary>Floats of one stream's row: each layer's mixer state, the last hidden vector, and where the model adapts or forecasts values
/// what the stream has shown of its own; behind this fixed part a tail, where the mixer's state grows.</summary>
internal sealed unsafe class StateLayout(ModelConfig config, ParameterLayout layout)
{
    /// <summary>Floats of mixer state in the fixed part.</summary>
    public int MixerFloats { get; } = layout.Layers.Sum(l => l.Mixer.StateFloats);

    /// <summary>Floats of the fixed part: all of the row, where the state has a constant size.</summary>
    public int Floats => StepFloats + AdaptationFloats + ValueFloats;

    /// <summary>Leading floats that a step of the network advances: mixer state and hidden vector.</summary>
    public int StepFloats => MixerFloats + config.Width;

    /// <summary>Floats of the adaptation; 0 without one.</summary>
    public int AdaptationFloats { get; } = Adaptation.FloatsOf(config);

    /// <summary>Floats of what the stream has shown of its values; 0 where they are not forecast.</summary>
    public int ValueFloats { get; } = config.ForecastsValues ? config.Values!.Count * ValueTrack.StateFloats : 0;

    /// <summary>Where they begin in a basis.</summary>
    public int ValuesAt => config.Width + AdaptationFloats;

    /// <summary>What a row's stream has shown of its values. Shape [4v].</summary>
    public Span<float> Values(float* row) => new(row + MixerFloats + ValuesAt, ValueFloats);

    /// <summary>Floats behind the mixer state, of which forecasts are made: hidden vector, adaptation, values.</summary>
    public int BasisFloats => config.Width + AdaptationFloats + ValueFloats;

    /// <summary>The same, padded to whole vectors.</summary>
    public int BasisStride => (BasisFloats + 15) / 16 * 16;

    /// <summary>Floats that the tail grows by with every 16 events; 0 for a constant size.</summary>
    public int TailBlockFloats { get; } = layout.Layers.Sum(l => l.Mixer.TailBlockFloats);

    /// <summary>Floats of the tail after a number of events.</summary>
    public long TailFloats(long events) => TailBlockFloats * ((events + KvBlocks.Events - 1) / KvBlocks.Events);

    /// <summary>Events that a row has seen; 0 where it has no tail.</summary>
    public long Events(float* row) =>
        TailBlockFloats == 0 ? 0 : layout.Layers[0].Mixer.Events(new ReadOnlySpan<float>(row, SoftmaxMixer.HeaderFloats))!.Value;

    /// <summary>What is wrong with a row that comes from elsewhere; null where a step can go on from it. Steps take their places in the
    /// row's memory from the counts in it, and a number that is none spreads to whatever is computed from it.</summary>
    public string? Damage(ReadOnlySpan<float> state)
    {
        if (state.Length < Floats)
        {
            return $"State must be {Floats} floats or more, got {state.Length}.";
        }
        long? events = layout.Layers[0].Mixer.Events(state);
        if (TailBlockFloats > 0 && (events is < 0 or > int.MaxValue || state.Length - Floats != TailFloats(events!.Value)))
        {
            return $"State must be {Floats} floats and a tail for its {events} events, got {state.Length} floats.";
        }
        foreach (LayerParameters layer in layout.Layers)
        {
            ReadOnlySpan<float> ofLayer = state.Slice(layer.Mixer.StateOffset, layer.Mixer.StateFloats);
            if (layer.Mixer.Events(ofLayer) is var seen && (seen < 0 || seen != events))
            {
                return $"State must have seen as many events in each layer, got {events} and {seen}.";
            }
            if (!layer.Mixer.IsFinite(ofLayer))
            {
                return "State must be of finite numbers.";
            }
        }
        if (TailBlockFloats == 0 && state.Length != Floats)
        {
            return $"State must be {Floats} floats, got {state.Length}.";
        }
        // Blocks of all layers have one shape.
        int block = TailBlockFloats / layout.Layers.Length;
        for (ReadOnlySpan<float> tail = state[Floats..]; !tail.IsEmpty; tail = tail[block..])
        {
            if (!KvBlocks.IsFinite(tail[..block]))
            {
                return "State must be of finite numbers, and its tail is not.";
            }
        }
        return FiniteNumbers.Are(state[MixerFloats..Floats]) ? null : "The last hidden vector and what follows must be of finite numbers.";
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
