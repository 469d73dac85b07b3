using Foretell.Models.Layers;

namespace Foretell.Models.Inputs;

/// <summary>Something that the network reads of an event beside its gap and mark, as features f: x += W f.</summary>
internal abstract unsafe class FeatureInput
{
    /// <param name="name">Name of its tensor.</param>
    /// <param name="features">Features of an event.</param>
    /// <param name="width">Hidden width d.</param>
    /// <param name="add">Lays out the tensor.</param>
    protected FeatureInput(string name, int features, int width, AddParameter add) =>
        Weight = add(name, features, width, Initializer.Linear);

    /// <summary>W. Shape [features, d].</summary>
    public Parameter Weight { get; }

    /// <summary>Floats that the features of an event take.</summary>
    public int Stride => StrideOf(Weight.Rows);

    /// <summary>Floats that so many features take: whole vectors.</summary>
    public static int StrideOf(int features) => (features + 15) / 16 * 16;

    /// <summary>Adds the events' part to embeddings.</summary>
    /// <param name="features">Shape [rows, stride].</param>
    /// <param name="x">Shape [rows, d].</param>
    public void Embed(float* weights, float* features, float* x, int rows) =>
        Linear.Forward(features, Stride, weights, Weight, null, x, rows, accumulate: true);

    /// <summary>Adds the tensor's gradient.</summary>
    /// <param name="dx">Shape [rows, d].</param>
    public void Backward(float* weights, float* features, float* dx, int rows, float* gradient) =>
        Linear.Backward(features, Stride, weights, Weight, null, dx, null, 0, rows, false, gradient);
}
