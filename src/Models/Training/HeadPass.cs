namespace Foretell.Models.Training;

/// <summary>A head over the rows of a pass: what it says of each hidden vector, how likely what came was by it, and back.</summary>
internal abstract unsafe class HeadPass : IDisposable
{
    /// <summary>Summed log-likelihood of what came, by the last run, nats.</summary>
    public double LogLikelihood { get; protected set; }

    /// <summary>Scores what came.</summary>
    /// <param name="weights">Parameter vector.</param>
    /// <param name="b">Has the hidden vectors.</param>
    /// <param name="sequences">Those of the pass.</param>
    /// <param name="rows">All their rows.</param>
    /// <param name="backward">Whether <see cref="Backward"/> follows.</param>
    /// <param name="gradientScale">Factor of the gradients.</param>
    public abstract void Run(float* weights, NetworkBuffers b, IReadOnlyList<EncodedSequence> sequences, int rows, bool backward,
        double gradientScale);

    /// <summary>Gradients of the last run.</summary>
    /// <param name="dHidden">Output. Shape [rows, d].</param>
    /// <param name="accumulate">Adds to <paramref name="dHidden"/>.</param>
    /// <param name="gradient">Gradient vector, added to.</param>
    public abstract void Backward(float* weights, NetworkBuffers b, int rows, float* dHidden, bool accumulate, float* gradient);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }
}
