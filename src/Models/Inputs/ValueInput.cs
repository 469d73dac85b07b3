using Foretell.Models.Configuration;
using Foretell.Models.Layers;

namespace Foretell.Models.Inputs;

/// <summary>What the network reads of an event's values: x += W [z_1, ..., z_v, a_1, ..., a_v], z standardised by training, 0 where the
/// event has none, which a = 1 says.</summary>
/// <param name="values">Values v, 1 or more.</param>
/// <param name="width">Hidden width d.</param>
/// <param name="add">Lays out its tensor.</param>
internal sealed unsafe class ValueInput(IReadOnlyList<ValueScale> values, int width, AddParameter add)
{
    /// <summary>A value further from the mean than so many deviations counts as so far.</summary>
    private const double Farthest = 8;

    /// <summary>W. Shape [2v, d].</summary>
    public Parameter Weight { get; } = add("embed.value", 2 * values.Count, width, Initializer.Linear);

    /// <summary>Floats that the features of an event take: whole vectors.</summary>
    public int Stride => StrideOf(values.Count);

    /// <summary>Floats that the features of so many values take.</summary>
    public static int StrideOf(int values) => (2 * values + 15) / 16 * 16;

    /// <summary>Writes an event's features.</summary>
    /// <param name="scales">Values that the model reads. Shape [v].</param>
    /// <param name="values">Those of the event, NaN for none. Shape [v].</param>
    /// <param name="features">Output. Shape [stride].</param>
    public static void WriteFeatures(IReadOnlyList<ValueScale> scales, ReadOnlySpan<double> values, Span<float> features)
    {
        features.Clear();
        for (int i = 0; i < values.Length; i++)
        {
            bool isMissing = double.IsNaN(values[i]);
            features[i] = isMissing ? 0 : (float)Math.Clamp((values[i] - scales[i].Mean) / scales[i].Deviation, -Farthest, Farthest);
            features[values.Length + i] = isMissing ? 1 : 0;
        }
    }

    /// <summary>Adds the values' part to embeddings.</summary>
    /// <param name="features">Shape [rows, stride].</param>
    /// <param name="x">Shape [rows, d].</param>
    public void Embed(float* weights, float* features, float* x, int rows) =>
        Linear.Forward(features, Stride, weights, Weight, null, x, rows, accumulate: true);

    /// <summary>Adds the tensor's gradient.</summary>
    /// <param name="dx">Shape [rows, d].</param>
    public void Backward(float* weights, float* features, float* dx, int rows, float* gradient) =>
        Linear.Backward(features, Stride, weights, Weight, null, dx, null, 0, rows, false, gradient);
}
