namespace Foretell.Models.Gpu.Kernels;

/// <summary>A network's sizes, and where in its parameter vector the tensors outside the layers begin.</summary>
internal struct NetworkTable
{
    /// <summary>Hidden width d.</summary>
    public int Width;

    /// <summary>Heads H of a layer.</summary>
    public int Heads;

    /// <summary>Layers.</summary>
    public int Layers;

    /// <summary>1 where the mixer is linear attention, 0 where it is Aaren.</summary>
    public int IsLinear;

    /// <summary>What a layer's output projection reads: d values, and with decay H log-masses.</summary>
    public int MixerColumns;

    /// <summary>Floats of a row.</summary>
    public int RowFloats;

    /// <summary>Floats of a layer's share in a row.</summary>
    public int LayerFloats;

    /// <summary>Embeddings of the marks.</summary>
    public int EmbedMark;

    /// <summary>Gap vector, then first-event vector.</summary>
    public int EmbedGap;

    /// <summary>Bias of the embedding.</summary>
    public int EmbedBias;

    /// <summary>Gain of the last normalisation.</summary>
    public int NormGain;

    /// <summary>Its bias.</summary>
    public int NormBias;

    /// <summary>Columns of a head.</summary>
    public readonly int HeadWidth => Width / Heads;
}
