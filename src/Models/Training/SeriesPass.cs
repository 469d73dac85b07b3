using Foretell.Models.Heads;
using Foretell.Models.Numerics;

namespace Foretell.Models.Training;

/// <summary>The series head over the rows of a pass: each reading forecasts the next H.</summary>
internal sealed unsafe class SeriesPass(SeriesHead head) : HeadPass
{
    // Where a pass goes backwards, the gradients take the places of what they are by.
    private AlignedBuffer? _place, _scale;

    /// <summary>Places that the last pass says of a row's next readings; overwritten where it went backwards. Shape [H].</summary>
    public ReadOnlySpan<float> Place(int row) => new(_place!.Pointer + (nint)row * head.Stride, head.Horizon);

    /// <summary>Their log scales. Shape [H].</summary>
    public ReadOnlySpan<float> Scale(int row) => new(_scale!.Pointer + (nint)row * head.Stride, head.Horizon);

    /// <inheritdoc/>
    public override void Run(float* weights, NetworkBuffers b, IReadOnlyList<EncodedSequence> sequences, int rows, bool backward,
        double gradientScale)
    {
        int stride = head.Stride;
        if (_place is null || _place.Length < (long)rows * stride)
        {
            Dispose();
            _place = new AlignedBuffer((long)b.Rows * stride);
            _scale = new AlignedBuffer((long)b.Rows * stride);
        }
        head.Forward(weights, b.Hidden, _place.Pointer, _scale!.Pointer, rows);
        LogLikelihood = 0;
        int row = 0;
        foreach (EncodedSequence sequence in sequences)
        {
            LogLikelihood += sequence.Readings!.Score(head, _place.Pointer + (nint)row * stride, _scale.Pointer + (nint)row * stride,
                gradientScale, backward);
            row += sequence.Rows;
        }
    }

    /// <inheritdoc/>
    public override void Backward(float* weights, NetworkBuffers b, int rows, float* dHidden, bool accumulate, float* gradient) =>
        head.Backward(weights, b.Hidden, _place!.Pointer, _scale!.Pointer, dHidden, rows, accumulate, gradient);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _place?.Dispose();
        _scale?.Dispose();
    }
}
