using Foretell.Models.Configuration;
using Foretell.Models.Layers;

namespace Foretell.Models.Inputs;

/// <summary>What the network reads of an event's values: x += W [z_1, ..., z_v, a_1, ..., a_v], z standardised by training, 0 where the
/// event has none, which a = 1 says.</summary>
/// <param name="values">Values v, 1 or more.</param>
/// <param name="width">Hidden width d.</param>
/// <param name="add">Lays out its tensor.</param>
internal sealed class ValueInput(int values, int width, AddParameter add) : FeatureInput("embed.value", CountOf(values), width, add)
{
    /// <summary>A value further from the mean than so many deviations counts as so far.</summary>
    private const double Farthest = 8;

    /// <summary>Features of so many values.</summary>
    public static int CountOf(int values) => 2 * values;

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
}
