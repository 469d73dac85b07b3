namespace Foretell.Models.Gpu.Kernels;

/// <summary>Where in the parameter vector the tensors of one layer begin. Those that its mixer lacks are 0 and not read.</summary>
internal struct LayerTable
{
    /// <summary>Gain of the normalisation before the mixer. Shape [d].</summary>
    public int Norm1Gain;

    /// <summary>Its bias. Shape [d].</summary>
    public int Norm1Bias;

    /// <summary>Aaren's scores. Shape [d, H padded to 16].</summary>
    public int ScoreWeight;

    /// <summary>Shape [H].</summary>
    public int ScoreBias;

    /// <summary>Linear attention's queries. Shape [d, d].</summary>
    public int QueryWeight;

    /// <summary>Shape [d].</summary>
    public int QueryBias;

    /// <summary>Linear attention's keys. Shape [d, d].</summary>
    public int KeyWeight;

    /// <summary>Shape [d].</summary>
    public int KeyBias;

    /// <summary>Values. Shape [d, d].</summary>
    public int ValueWeight;

    /// <summary>Shape [d].</summary>
    public int ValueBias;

    /// <summary>Output projection. Shape [MixerColumns, d].</summary>
    public int OutputWeight;

    /// <summary>Shape [d].</summary>
    public int OutputBias;

    /// <summary>Gain of the normalisation before the feed-forward. Shape [d].</summary>
    public int Norm2Gain;

    /// <summary>Its bias. Shape [d].</summary>
    public int Norm2Bias;

    /// <summary>First matrix of the feed-forward. Shape [d, 4d].</summary>
    public int InWeight;

    /// <summary>Shape [4d].</summary>
    public int InBias;

    /// <summary>Second matrix of the feed-forward. Shape [4d, d].</summary>
    public int OutWeight;

    /// <summary>Shape [d].</summary>
    public int OutBias;
}
