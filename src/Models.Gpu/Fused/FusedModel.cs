using Foretell.Models.Configuration;
using Foretell.Models.Gpu.Arithmetic;
using Foretell.Models.Gpu.Kernels;
using Foretell.Models.Layers;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;

namespace Foretell.Models.Gpu.Fused;

/// <summary>A model as the kernel reads it: sizes, places of the tensors, decay rates. Immutable.</summary>
public sealed class FusedModel
{
    /// <param name="model">A model of the mixer aaren or linear.</param>
    /// <exception cref="NotSupportedException">The kernel does not have the model's mixer, or the model reads values.</exception>
    public FusedModel(ForecastModel model)
    {
        MixerKind kind = MixerName.Parse(model.Config.Mixer).Kind;
        if (kind is not (MixerKind.Aaren or MixerKind.Linear))
        {
            throw new NotSupportedException($"The fused step has the mixers aaren and linear, got {model.Config.Mixer}. Step this model on the CPU (CpuStateBackend).");
        }
        if (model.ValueCount > 0)
        {
            throw new NotSupportedException($"The fused step reads gaps and marks, and this model reads {model.ValueCount} values, too. Step this model on the CPU (CpuStateBackend).");
        }
        Model = model;
        Network = new NetworkTable
        {
            Width = model.Config.Width,
            Heads = model.Config.Heads,
            Layers = model.Config.Layers,
            IsLinear = kind == MixerKind.Linear ? 1 : 0,
            MixerColumns = model.Layout.Layers[0].Mixer.OutputColumns,
            RowFloats = model.State.StepFloats,
            LayerFloats = model.Layout.Layers[0].Mixer.StateFloats,
            EmbedMark = model.Layout.EmbedMark.Offset,
            EmbedGap = model.Layout.EmbedGap.Offset,
            EmbedBias = model.Layout.EmbedBias.Offset,
            NormGain = model.Layout.NormGain.Offset,
            NormBias = model.Layout.NormBias.Offset,
        };
        Dictionary<string, Parameter> tensors = model.Parameters.ToDictionary(p => p.Name);
        Layers = [.. model.Layout.Layers.Select((layer, index) => Table(layer, $"layer.{index}.", tensors))];
        Rates = HeadRates(model);
    }

    /// <summary>The model itself.</summary>
    public ForecastModel Model { get; }

    internal NetworkTable Network { get; }

    /// <summary>Shape [layers].</summary>
    internal LayerTable[] Layers { get; }

    /// <summary>Decay of the heads: per unit of time, then per event. Shape [layers, 2, 16].</summary>
    internal float[] Rates { get; }

    /// <summary>Bytes that cross to the device and back for one event: its row both ways, and the event.</summary>
    internal unsafe int CopiedBytes => 2 * Network.RowFloats * sizeof(float) + sizeof(StepEvent);

    /// <summary>An event as the kernel reads it.</summary>
    /// <param name="input">The event, checked (<see cref="StepCheck"/>).</param>
    /// <param name="row">Row in the slab that the kernel gets.</param>
    internal StepEvent Event(in StepInput input, int row)
    {
        ModelConfig config = Model.Config;
        float logGap = Elementary.Log((float)Math.Max(input.Gap, config.GapFloor));
        return new StepEvent
        {
            Row = row,
            Mark = input.Mark,
            IsFirst = input.Ordinal == 0 ? 1 : 0,
            Ordinal = (uint)input.Ordinal,
            Gap = (float)input.Gap,
            Z = (logGap - (float)config.LogGapMean) / (float)config.LogGapDeviation,
        };
    }

    private static LayerTable Table(LayerParameters layer, string prefix, Dictionary<string, Parameter> tensors)
    {
        int Find(string name) => tensors.TryGetValue(prefix + name, out Parameter? tensor) ? tensor.Offset : 0;
        return new LayerTable
        {
            Norm1Gain = layer.Norm1Gain.Offset,
            Norm1Bias = layer.Norm1Bias.Offset,
            ScoreWeight = Find("score.weight"),
            ScoreBias = Find("score.bias"),
            QueryWeight = Find("query.weight"),
            QueryBias = Find("query.bias"),
            KeyWeight = Find("key.weight"),
            KeyBias = Find("key.bias"),
            ValueWeight = Find("value.weight"),
            ValueBias = Find("value.bias"),
            OutputWeight = layer.OutputWeight.Offset,
            OutputBias = layer.OutputBias.Offset,
            Norm2Gain = layer.Norm2Gain.Offset,
            Norm2Bias = layer.Norm2Bias.Offset,
            InWeight = layer.InWeight.Offset,
            InBias = layer.InBias.Offset,
            OutWeight = layer.OutWeight.Offset,
            OutBias = layer.OutBias.Offset,
        };
    }

    private static unsafe float[] HeadRates(ForecastModel model)
    {
        float[] rates = new float[model.Config.Layers * 2 * Mixer.MaxHeads];
        fixed (float* start = rates)
        {
            for (int l = 0; l < model.Config.Layers; l++)
            {
                Mixer mixer = model.Layout.Layers[l].Mixer;
                HeadDecay decay = mixer is AarenMixer aaren ? aaren.Decay : ((LinearMixer)mixer).Decay;
                float* time = start + l * 2 * Mixer.MaxHeads;
                decay.Rates(model.Weights.Pointer, time, time + Mixer.MaxHeads);
            }
        }
        return rates;
    }
}
