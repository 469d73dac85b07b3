using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Inputs;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>The values of a sequence as the network reads them, and as the value head is asked for them: in level and unit of the stream
/// as they were before each event.</summary>
internal sealed class EncodedValues
{
    /// <param name="sequence">The sequence.</param>
    /// <param name="scales">The model's values.</param>
    public EncodedValues(EventSequence sequence, IReadOnlyList<ValueScale> scales)
    {
        int n = sequence.Times.Length, v = scales.Count, stride = FeatureInput.StrideOf(ValueInput.CountOf(v, own: true));
        ValueTrack track = Track = new ValueTrack(scales);
        int ownStride = track.FeatureStride;
        float[] state = new float[v * ValueTrack.StateFloats];
        (Features, Own) = (new float[n * stride], new float[n * ownStride]);
        (Z, Level, Unit) = (Standardise(sequence, scales), new float[n * v], new float[n * v]);
        for (int t = 0; t < n; t++)
        {
            ReadOnlySpan<float> z = Z.AsSpan(t * v, v);
            ValueInput.WriteFeatures(track, state, z, Features.AsSpan(t * stride, stride));
            for (int i = 0; i < v; i++)
            {
                (Level[t * v + i], Unit[t * v + i]) = track.Own(state, i);
            }
            track.Observe(state, z);
            track.WriteFeatures(state, Own.AsSpan(t * ownStride, ownStride));
        }
    }

    /// <summary>How the values are kept.</summary>
    public ValueTrack Track { get; }

    /// <summary>What the network reads of each event. Shape [n, stride of the input].</summary>
    public float[] Features { get; }

    /// <summary>What the stream has shown up to each event, the event included: what the head reads to tell the next one's. Shape
    /// [n, own stride].</summary>
    public float[] Own { get; }

    /// <summary>Standardised values, NaN for none. Shape [n, v].</summary>
    public float[] Z { get; }

    /// <summary>Level of the stream before each event. Shape [n, v].</summary>
    public float[] Level { get; }

    /// <summary>Its unit, likewise. Shape [n, v].</summary>
    public float[] Unit { get; }

    /// <summary>A sequence's values as a model's steps take them; empty where it forecasts none. Shape [n, ValueCount].</summary>
    public static float[] Standardise(EventSequence sequence, ForecastModel model) =>
        model.ValueCount == 0 ? [] : Standardise(sequence, model.Config.Values!);

    /// <summary>A sequence's values in order of the scales, standardised; NaN for none. Shape [n, v].</summary>
    public static float[] Standardise(EventSequence sequence, IReadOnlyList<ValueScale> scales)
    {
        int n = sequence.Times.Length, v = scales.Count;
        float[] z = new float[n * v];
        for (int i = 0; i < v; i++)
        {
            double[]? column = sequence.Values?.GetValueOrDefault(scales[i].Name);
            for (int t = 0; t < n; t++)
            {
                z[t * v + i] = column is null ? float.NaN : scales[i].Standardise(column[t]);
            }
        }
        return z;
    }
}
