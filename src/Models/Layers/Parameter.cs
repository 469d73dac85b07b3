
namespace Foretell.Models.Layers;

/// <summary>Where one tensor lies in the flat parameter vector.</summary>
/// <param name="Name">Name in the weights file.</param>
/// <param name="Offset">First float.</param>
/// <param name="Rows">Rows; 1 for a vector.</param>
/// <param name="Columns">Columns that mean something.</param>
/// <param name="Stride">Columns in memory, a multiple of 16; those past <paramref name="Columns"/> stay 0.</param>
/// <param name="Initial">How the tensor starts.</param>
public sealed record Parameter(string Name, int Offset, int Rows, int Columns, int Stride, Initializer Initial)
{
    /// <summary>Floats in memory.</summary>
    public int Length => Rows * Stride;

    /// <summary>Weight decay applies to matrices only.</summary>
    public bool IsMatrix => Rows > 1 && Initial.Kind == InitializerKind.Linear;
}

/// <summary>How a tensor starts: <paramref name="Scale"/> times the kind's usual spread.</summary>
public readonly record struct Initializer(InitializerKind Kind, float Scale = 1)
{
    /// <summary>All 0.</summary>
    public static readonly Initializer Zero = new(InitializerKind.Constant, 0);
    /// <summary>All 1.</summary>
    public static readonly Initializer One = new(InitializerKind.Constant);
    /// <summary>As linear layers start.</summary>
    public static readonly Initializer Linear = new(InitializerKind.Linear);
}

/// <summary>Kinds of initial value.</summary>
public enum InitializerKind
{
    /// <summary>Every element is the scale.</summary>
    Constant,
    /// <summary>Normal with the scale as deviation.</summary>
    Normal,
    /// <summary>Uniform within +-scale / sqrt(rows), the default of linear layers.</summary>
    Linear,
    /// <summary>Decay rates per unit of time, as logarithms, spread over the data's time scales.</summary>
    TimeDecay,
    /// <summary>Decay rates per event, as logarithms, spread from 0.01 to 0.7.</summary>
    EventDecay,
}

/// <summary>Takes a tensor into the parameter vector that is being laid out.</summary>
/// <param name="name">Name within its part.</param>
/// <param name="rows">Rows; 1 for a vector.</param>
/// <param name="columns">Columns.</param>
/// <param name="initial">How it starts.</param>
internal delegate Parameter AddParameter(string name, int rows, int columns, Initializer initial);
