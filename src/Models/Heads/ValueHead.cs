using Foretell.Models.Configuration;
using Foretell.Models.Layers;

namespace Foretell.Models.Heads;

/// <summary>How much: what the values of the next event are, given its gap and mark. Outputs = S q + D h + M silu(H h + c + E[mark] +
/// G f(z) + Q q) + b, f being <see cref="GapFeatures"/> and q what the stream has shown of its values (<see cref="ValueTrack"/>).</summary>
/// <remarks>Per value the outputs are a mixture's (<see cref="ValueMixture"/>) and the logit of whether the event has the value.</remarks>
/// <param name="config">Width, marks and values.</param>
/// <param name="add">Lays out its tensors.</param>
internal sealed unsafe class ValueHead(ModelConfig config, AddParameter add)
{
    /// <summary>Width of the hidden layer that joins history, mark, gap and what the stream has shown.</summary>
    public const int HiddenWidth = 64;

    /// <summary>Outputs of a value.</summary>
    public const int OutputsPerValue = 3 * ValueMixture.Parts + 1;

    /// <summary>How the names of all its tensors start.</summary>
    public const string Prefix = "value.";

    private readonly Parameter _hidden = add("value.hidden.weight", config.Width, HiddenWidth, Initializer.Linear);
    private readonly Parameter _bias = add("value.hidden.bias", 1, HiddenWidth, Initializer.Zero);

    /// <summary>E, the last row for marks that the model does not know. Shape [m + 1, 64].</summary>
    public Parameter Mark { get; } = add("value.mark", config.Marks.Count + 1, HiddenWidth, new(InitializerKind.Normal, 0.3f));

    private readonly Parameter _gap = add("value.gap.weight", GapFeatures.Count, HiddenWidth, Initializer.Linear);
    private readonly Parameter _own = add("value.own.weight", config.Values!.Count * ValueTrack.Features, HiddenWidth, Initializer.Linear);
    private readonly Parameter _mix = add("value.mix.weight", HiddenWidth, Outputs(config), new(InitializerKind.Linear, 0.3f));
    private readonly Parameter _direct = add("value.direct.weight", config.Width, Outputs(config), new(InitializerKind.Linear, 0.3f));
    private readonly Parameter _skip = add("value.skip.weight", config.Values!.Count * ValueTrack.Features, Outputs(config),
        new(InitializerKind.Linear, 0.1f));

    /// <summary>Floats that what the stream has shown takes: whole vectors.</summary>
    public int OwnStride { get; } = (config.Values!.Count * ValueTrack.Features + 15) / 16 * 16;

    /// <summary>b. Shape [outputs].</summary>
    public Parameter Bias { get; } = add("value.bias", 1, Outputs(config), Initializer.Zero);

    /// <summary>Floats of a row's outputs: whole vectors.</summary>
    public int Stride => Bias.Stride;

    /// <summary>Where the mixture's outputs of a value begin.</summary>
    public static int MixtureAt(int value) => value * OutputsPerValue;

    /// <summary>Where the logit of its presence is.</summary>
    public static int PresenceAt(int value) => value * OutputsPerValue + 3 * ValueMixture.Parts;

    /// <summary>Sets where a value's outputs start.</summary>
    /// <param name="weights">Parameters.</param>
    /// <param name="deviations">The mixture's anchors. Shape [k].</param>
    /// <param name="stays">Share of the last value's distance from the level that the next one has, on the whole.</param>
    /// <param name="share">How often an event has the value.</param>
    public void Start(Span<float> weights, int value, ReadOnlySpan<double> deviations, double stays, double share)
    {
        for (int k = 0; k < deviations.Length; k++)
        {
            int shift = MixtureAt(value) + ValueMixture.Parts + k;
            weights[_skip.Offset + value * ValueTrack.Features * _skip.Stride + shift] = (float)(stays / deviations[k]);
        }
        weights[Bias.Offset + PresenceAt(value)] = (float)Math.Log(share / (1 - share));
    }

    /// <summary>Outputs of rows.</summary>
    /// <param name="hidden">Shape [rows, d] at <paramref name="hiddenRow"/> floats a row.</param>
    /// <param name="marks">Index of each event's mark. Shape [rows].</param>
    /// <param name="gaps">Gap features. Shape [rows, 16].</param>
    /// <param name="own">What the streams have shown. Shape [rows, own stride].</param>
    /// <param name="inner">Hidden layer before its activation. Shape [rows, 64].</param>
    /// <param name="active">Hidden layer after it; may be <paramref name="inner"/>.</param>
    /// <param name="outputs">Output. Shape [rows, stride].</param>
    public void Forward(float* weights, float* hidden, int hiddenRow, ReadOnlySpan<int> marks, float* gaps, float* own, float* inner,
        float* active, float* outputs)
    {
        int rows = marks.Length;
        Linear.Forward(hidden, hiddenRow, weights, _hidden, _bias, inner, rows);
        Linear.Forward(gaps, GapFeatures.Stride, weights, _gap, null, inner, rows, accumulate: true);
        Linear.Forward(own, OwnStride, weights, _own, null, inner, rows, accumulate: true);
        for (int row = 0; row < rows; row++)
        {
            float* mark = weights + Mark.Offset + (nint)marks[row] * HiddenWidth, sum = inner + (nint)row * HiddenWidth;
            for (int j = 0; j < HiddenWidth; j++)
            {
                sum[j] += mark[j];
            }
        }
        Silu.Forward(inner, active, (long)rows * HiddenWidth);
        Linear.Forward(active, HiddenWidth, weights, _mix, Bias, outputs, rows);
        Linear.Forward(hidden, hiddenRow, weights, _direct, null, outputs, rows, accumulate: true);
        Linear.Forward(own, OwnStride, weights, _skip, null, outputs, rows, accumulate: true);
    }

    /// <summary>Gradients by the outputs'.</summary>
    /// <param name="hidden">Shape [rows, d].</param>
    /// <param name="dOutputs">Shape [rows, stride].</param>
    /// <param name="dInner">Scratch. Shape [rows, 64].</param>
    /// <param name="dHidden">Output. Shape [rows, d].</param>
    /// <param name="accumulate">Adds to <paramref name="dHidden"/>.</param>
    public void Backward(float* weights, float* hidden, ReadOnlySpan<int> marks, float* gaps, float* own, float* inner, float* active,
        float* dOutputs, float* dInner, float* dHidden, bool accumulate, float* gradient)
    {
        int rows = marks.Length, d = _hidden.Rows;
        Linear.Backward(own, OwnStride, weights, _skip, null, dOutputs, null, 0, rows, false, gradient);
        Linear.Backward(hidden, d, weights, _direct, null, dOutputs, dHidden, d, rows, accumulate, gradient);
        Linear.Backward(active, HiddenWidth, weights, _mix, Bias, dOutputs, dInner, HiddenWidth, rows, false, gradient);
        Silu.Backward(inner, dInner, dInner, (long)rows * HiddenWidth);
        for (int row = 0; row < rows; row++)
        {
            float* sum = gradient + Mark.Offset + (nint)marks[row] * HiddenWidth, mark = dInner + (nint)row * HiddenWidth;
            for (int j = 0; j < HiddenWidth; j++)
            {
                sum[j] += mark[j];
            }
        }
        Linear.Backward(own, OwnStride, weights, _own, null, dInner, null, 0, rows, false, gradient);
        Linear.Backward(gaps, GapFeatures.Stride, weights, _gap, null, dInner, null, 0, rows, false, gradient);
        Linear.Backward(hidden, d, weights, _hidden, _bias, dInner, dHidden, d, rows, true, gradient);
    }

    private static int Outputs(ModelConfig config) => config.Values!.Count * OutputsPerValue;
}
