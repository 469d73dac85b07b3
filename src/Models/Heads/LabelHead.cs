using Foretell.Models.Layers;

namespace Foretell.Models.Heads;

/// <summary>Which of some classes, by all that came so far: softmax(W h + b). What kind of stream it is, or which action is next.</summary>
/// <param name="name">What its tensors' names begin with.</param>
/// <param name="labels">Classes c, 2 or more.</param>
/// <param name="width">Hidden width d.</param>
/// <param name="add">Lays out its tensors.</param>
internal sealed unsafe class LabelHead(string name, int labels, int width, AddParameter add)
{
    /// <summary>Classes c.</summary>
    public int Labels => labels;

    /// <summary>W. Shape [d, c].</summary>
    public Parameter Weight { get; } = add(name + ".weight", width, labels, Initializer.Linear);

    /// <summary>b. Shape [c].</summary>
    public Parameter Bias { get; } = add(name + ".bias", 1, labels, Initializer.Zero);

    /// <summary>Logits of the classes.</summary>
    /// <param name="hidden">Shape [rows, d].</param>
    /// <param name="logits">Output. Shape [rows, c padded to 16].</param>
    public void Logits(float* weights, float* hidden, float* logits, int rows) =>
        Linear.Forward(hidden, width, weights, Weight, Bias, logits, rows);

    /// <summary>Gradients by the logits'.</summary>
    /// <param name="dLogits">Shape [rows, c padded to 16].</param>
    /// <param name="dHidden">Output. Shape [rows, d].</param>
    /// <param name="accumulate">Adds to <paramref name="dHidden"/>.</param>
    public void Backward(float* weights, float* hidden, float* dLogits, float* dHidden, int rows, bool accumulate, float* gradient) =>
        Linear.Backward(hidden, width, weights, Weight, Bias, dLogits, dHidden, width, rows, accumulate, gradient);
}
