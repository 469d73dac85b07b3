using Foretell.Models.Layers;

namespace Foretell.Models.Heads;

/// <summary>Tensors of the mark head, in the file's order.</summary>
/// <param name="width">Hidden width d.</param>
/// <param name="marks">Mark types m, 1 or more.</param>
/// <param name="add">Lays them out.</param>
internal sealed class MarkParameters(int width, int marks, AddParameter add)
{
    /// <summary>How the names of all of them start.</summary>
    public const string Prefix = "mark.";

    /// <summary>W. Shape [d, m].</summary>
    public Parameter Weight { get; } = add("mark.weight", width, marks, Initializer.Linear);

    /// <summary>b. Shape [m].</summary>
    public Parameter Bias { get; } = add("mark.bias", 1, marks, Initializer.Zero);

    /// <summary>H. Shape [d, 64].</summary>
    public Parameter HiddenWeight { get; } = add("mark.hidden.weight", width, MarkHead.HiddenWidth, Initializer.Linear);

    /// <summary>c. Shape [64].</summary>
    public Parameter HiddenBias { get; } = add("mark.hidden.bias", 1, MarkHead.HiddenWidth, Initializer.Zero);

    /// <summary>G. Shape [12, 64].</summary>
    public Parameter GapWeight { get; } = add("mark.gap.weight", GapFeatures.Count, MarkHead.HiddenWidth, Initializer.Linear);

    /// <summary>M. Shape [64, m].</summary>
    public Parameter MixWeight { get; } = add("mark.mix.weight", MarkHead.HiddenWidth, marks, Initializer.Linear);
}
