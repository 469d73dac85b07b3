using Foretell.Models.Heads;
using Foretell.Models.Numerics;

namespace Foretell.Models.Training;

/// <summary>The label head over the rows of a pass: each event says what kind of stream it is by all up to it, so that the length of a
/// stream cannot tell.</summary>
internal sealed unsafe class LabelPass(LabelHead head) : HeadPass
{
    private AlignedBuffer? _logits, _gradients;

    /// <summary>Logits of one row. Shape [c].</summary>
    public ReadOnlySpan<float> Logits(int row) => new(_logits!.Pointer + (nint)row * head.Weight.Stride, head.Labels);

    /// <inheritdoc/>
    public override void Run(float* weights, NetworkBuffers b, IReadOnlyList<EncodedSequence> sequences, int rows, bool backward,
        double gradientScale)
    {
        int stride = head.Weight.Stride;
        if (_logits is null || _logits.Length < (long)rows * stride)
        {
            Dispose();
            _logits = new AlignedBuffer((long)b.Rows * stride);
            _gradients = new AlignedBuffer((long)b.Rows * stride);
        }
        head.Logits(weights, b.Hidden, _logits.Pointer, rows);
        LogLikelihood = 0;
        int row = 0;
        foreach (EncodedSequence sequence in sequences)
        {
            for (int t = 0; t < sequence.Rows; t++, row++)
            {
                var gradient = new Span<float>(_gradients!.Pointer + (nint)row * stride, stride);
                gradient.Clear();
                LogLikelihood += sequence.Label < 0 ? 0
                    : MarkHead.LogProbability(Logits(row), sequence.Label, gradientScale, backward ? gradient[..head.Labels] : []);
            }
        }
    }

    /// <inheritdoc/>
    public override void Backward(float* weights, NetworkBuffers b, int rows, float* dHidden, bool accumulate, float* gradient) =>
        head.Backward(weights, b.Hidden, _gradients!.Pointer, dHidden, rows, accumulate, gradient);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _logits?.Dispose();
        _gradients?.Dispose();
    }
}
