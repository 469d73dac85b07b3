using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Layers;

namespace Foretell.Models.Inputs;

/// <summary>What the network reads of an event's values: x += W [z_1, ..., z_v, a_1, ..., a_v], z standardised by training, 0 where the
/// event has none, which a = 1 says; and where the stream's own level and unit are kept, [u_1, ..., u_v] behind them, z in these.</summary>
/// <param name="values">Values v, 1 or more.</param>
/// <param name="own">Whether the stream's own level and unit are kept (<see cref="ValueTrack"/>).</param>
/// <param name="width">Hidden width d.</param>
/// <param name="add">Lays out its tensor.</param>
internal sealed class ValueInput(int values, bool own, int width, AddParameter add)
    : FeatureInput("embed.value", CountOf(values, own), width, add)
{
    /// <summary>A value further from the mean than so many deviations counts as so far.</summary>
    private const double Farthest = 8;

    /// <summary>Features of so many values.</summary>
    public static int CountOf(int values, bool own) => (own ? 3 : 2) * values;

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

    /// <summary>Writes the features of an event, and has what its stream has shown take the values in.</summary>
    /// <inheritdoc cref="WriteFeatures(ValueTrack, ReadOnlySpan{float}, ReadOnlySpan{float}, Span{float})"/>
    public static void TakeIn(ValueTrack track, Span<float> state, ReadOnlySpan<float> z, Span<float> features)
    {
        WriteFeatures(track, state, z, features);
        track.Observe(state, z);
    }

    /// <summary>The same where the stream's own level and unit are kept.</summary>
    /// <param name="track">The model's.</param>
    /// <param name="state">What the stream has shown before the event. Shape [4v].</param>
    /// <param name="z">Standardised values of the event, NaN for none. Shape [v].</param>
    /// <param name="features">Output. Shape [stride].</param>
    public static void WriteFeatures(ValueTrack track, ReadOnlySpan<float> state, ReadOnlySpan<float> z, Span<float> features)
    {
        features.Clear();
        int v = z.Length;
        for (int i = 0; i < v; i++)
        {
            // A fact holds until it is told anew.
            float known = float.IsNaN(z[i]) && track.IsFact(i) ? track.Last(state, i) : z[i];
            if (float.IsNaN(known))
            {
                features[v + i] = 1;
                continue;
            }
            (float level, float unit) = track.Own(state, i);
            features[i] = Math.Clamp(known, -ValueTrack.Farthest, ValueTrack.Farthest);
            features[2 * v + i] = track.IsFact(i) ? 0 : Math.Clamp((known - level) / unit, -ValueTrack.Farthest, ValueTrack.Farthest);
        }
    }
}
