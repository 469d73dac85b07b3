using Foretell.Models.Numerics;

namespace Foretell.Models.Training;

/// <summary>A head whose outputs for each row are scored by themselves.</summary>
/// <param name="stride">Floats of a row's outputs: whole vectors.</param>
internal abstract unsafe class RowPass(int stride) : HeadPass
{
    private AlignedBuffer? _outputs, _gradients;

    /// <inheritdoc/>
    public override void Run(float* weights, NetworkBuffers b, IReadOnlyList<EncodedSequence> sequences, int rows, bool backward,
        double gradientScale)
    {
        if (_outputs is null || _outputs.Length < (long)rows * stride)
        {
            Dispose();
            _outputs = new AlignedBuffer((long)b.Rows * stride);
            _gradients = new AlignedBuffer((long)b.Rows * stride);
        }
        Forward(weights, b.Hidden, _outputs.Pointer, rows);
        LogLikelihood = 0;
        int row = 0;
        foreach (EncodedSequence sequence in sequences)
        {
            for (int t = 0; t < sequence.Rows; t++, row++)
            {
                var gradient = new Span<float>(_gradients!.Pointer + (nint)row * stride, stride);
                gradient.Clear();
                LogLikelihood += Score(sequence, t, Outputs(row), gradientScale, backward ? gradient : []);
            }
        }
    }

    /// <inheritdoc/>
    public override void Backward(float* weights, NetworkBuffers b, int rows, float* dHidden, bool accumulate, float* gradient) =>
        Backward(weights, b.Hidden, _gradients!.Pointer, dHidden, rows, accumulate, gradient);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _outputs?.Dispose();
        _gradients?.Dispose();
    }

    /// <summary>Outputs of one row. Shape [stride].</summary>
    protected ReadOnlySpan<float> Outputs(int row) => new(_outputs!.Pointer + (nint)row * stride, stride);

    /// <summary>Outputs of hidden vectors.</summary>
    /// <param name="hidden">Shape [rows, d].</param>
    /// <param name="outputs">Output. Shape [rows, stride].</param>
    protected abstract void Forward(float* weights, float* hidden, float* outputs, int rows);

    /// <summary>Log-likelihood of what came behind an event, and its gradient.</summary>
    /// <param name="t">Index of the event.</param>
    /// <param name="outputs">Shape [stride].</param>
    /// <param name="gradient">Added to; empty where it is not wanted. Shape [stride].</param>
    protected abstract double Score(EncodedSequence sequence, int t, ReadOnlySpan<float> outputs, double gradientScale,
        Span<float> gradient);

    /// <summary>Gradients by the outputs'.</summary>
    /// <param name="dOutputs">Shape [rows, stride].</param>
    /// <param name="dHidden">Output. Shape [rows, d].</param>
    protected abstract void Backward(float* weights, float* hidden, float* dOutputs, float* dHidden, int rows, bool accumulate,
        float* gradient);
}
