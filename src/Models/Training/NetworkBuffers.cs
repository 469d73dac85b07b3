using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Models.Training;

/// <summary>Activations of one pass over some rows, kept for the backward pass. A row is one event that predicts the next.</summary>
internal sealed unsafe class NetworkBuffers : IDisposable
{
    private readonly List<AlignedBuffer> _owned = [];

    public NetworkBuffers(ModelConfig config, ParameterLayout layout, int rows)
    {
        int d = config.Width, attended = Mixer.OutputFloats(config);
        (Rows, Width) = (rows, d);
        Layers = new LayerBuffers[config.Layers];
        for (int l = 0; l < config.Layers; l++)
        {
            Layers[l] = new LayerBuffers
            {
                Normal1 = Take(rows, d), Inverse1 = Take(rows, 1), Hidden1 = Take(rows, d),
                Mixer = layout.Layers[l].Mixer.Parallel(rows), Attended = Take(rows, attended),
                Normal2 = Take(rows, d), Inverse2 = Take(rows, 1), Hidden2 = Take(rows, d),
                Inner = Take(rows, 4 * d), Active = Take(rows, 4 * d),
            };
        }
        X = Take(rows, d);
        Normal = Take(rows, d);
        Inverse = Take(rows, 1);
        Hidden = Take(rows, d);
        Time = Take(rows, layout.TimeWeight.Stride);
        int marks = (config.Marks.Count + 15) / 16 * 16;
        MarkInner = Take(rows, MarkHead.HiddenWidth);
        MarkActive = Take(rows, MarkHead.HiddenWidth);
        MarkLogits = Take(rows, marks);
        Features = Take(rows, GapFeatures.Stride);
        Gaps = Take(rows, 1);
        Inputs = new float*[layout.Inputs.Count];
        for (int i = 0; i < Inputs.Length; i++)
        {
            Inputs[i] = Take(rows, layout.Inputs[i].Stride);
        }

        GradientX = Take(rows, d);
        GradientA = Take(rows, Math.Max(4 * d, attended));
        GradientMarkInner = Take(rows, MarkHead.HiddenWidth);
        GradientC = Take(rows, d);
        GradientTime = Take(rows, layout.TimeWeight.Stride);
        GradientMarks = Take(rows, marks);
    }

    /// <summary>Rows that fit.</summary>
    public int Rows { get; }

    /// <summary>Hidden width d.</summary>
    public int Width { get; }
    public LayerBuffers[] Layers { get; }
    public float* X { get; }
    public float* Normal { get; }
    public float* Inverse { get; }
    public float* Hidden { get; }
    public float* Time { get; }
    public float* MarkInner { get; }
    public float* MarkActive { get; }
    public float* MarkLogits { get; }
    public float* Features { get; }
    public float* Gaps { get; }
    public float*[] Inputs { get; }
    public float* GradientX { get; }
    public float* GradientA { get; }
    public float* GradientMarkInner { get; }
    public float* GradientC { get; }
    public float* GradientTime { get; }
    public float* GradientMarks { get; }

    /// <summary>Writes the features of the gap that follows each event into <see cref="Features"/>.</summary>
    public void WriteNextGaps(IReadOnlyList<EncodedSequence> sequences)
    {
        int row = 0;
        foreach (EncodedSequence sequence in sequences)
        {
            for (int t = 0; t < sequence.Rows; t++, row++)
            {
                var features = new Span<float>(Features + (nint)row * GapFeatures.Stride, GapFeatures.Stride);
                // No event follows the last, and what its row leaves unused must still be numbers.
                features.Clear();
                if (t + 1 < sequence.Length)
                {
                    sequence.Features.AsSpan((t + 1) * GapFeatures.Stride, GapFeatures.Stride).CopyTo(features);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(Layers, l => l.Mixer.Dispose());
        _owned.ForEach(b => b.Dispose());
    }

    private float* Take(int rows, int columns)
    {
        var buffer = new AlignedBuffer((long)rows * columns);
        _owned.Add(buffer);
        return buffer.Pointer;
    }
}

/// <summary>Activations of one layer.</summary>
internal sealed unsafe class LayerBuffers
{
    public required float* Normal1 { get; init; }
    public required float* Inverse1 { get; init; }
    public required float* Hidden1 { get; init; }
    public required MixerPass Mixer { get; init; }
    public required float* Attended { get; init; }
    public required float* Normal2 { get; init; }
    public required float* Inverse2 { get; init; }
    public required float* Hidden2 { get; init; }
    public required float* Inner { get; init; }
    public required float* Active { get; init; }
}
