namespace Foretell.Sources.Contract;

/// <summary>What some brokers cannot do, or what stands in for them in the tests cannot.</summary>
[Flags]
public enum SourceCapabilities
{
    None = 0,

    /// <summary>It finds the first message at or after a time.</summary>
    Times = 1,

    /// <summary>It throws the reader of a lower epoch off.</summary>
    Epochs = 2,

    All = Times | Epochs,
}
