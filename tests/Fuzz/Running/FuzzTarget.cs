namespace Foretell.Fuzz.Running;

/// <summary>Something that reads bytes of a disk or a wire, and what it may do with any of them: take them, or refuse them with one
/// of its documented exceptions.</summary>
/// <param name="Name">Its name, that of its folder of seeds, too.</param>
/// <param name="Run">Reads an input. Whatever it throws beside <paramref name="Refusals"/> is a finding.</param>
/// <param name="Refusals">The documented exceptions.</param>
public sealed record FuzzTarget(string Name, Action<byte[]> Run, params Type[] Refusals)
{
    /// <summary>Inputs to begin with, beside those that earlier campaigns kept in the folder of seeds.</summary>
    public IReadOnlyList<byte[]> Seeds { get; init; } = [];

    /// <summary>Words of the format: the mutator puts them in whole.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Rights the checksums of an input in place, so that what lies behind them is reached; null where there are none.</summary>
    public Action<byte[]>? Repair { get; init; }

    /// <summary>Longest input, bytes.</summary>
    public int MostBytes { get; init; } = 4096;

    /// <summary>Bytes that an input may make the reader allocate, whatever its length.</summary>
    public long FreeBytes { get; init; } = 256 << 10;

    /// <summary>Bytes more that it may allocate for each of its own.</summary>
    public long BytesPerByte { get; init; } = 64;

    /// <summary>Inputs of a run that is to be short, in thousandths of the others': what takes long gets fewer.</summary>
    public int Share { get; init; } = 1000;

    /// <summary>The reader works on several threads: what one input reaches depends on their turns, so fewer inputs are kept.</summary>
    public bool IsConcurrent { get; init; }
}
