using Foretell.Models.Configuration;
using Foretell.Models.Heads;
using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Models.Training;

/// <summary>A device's part in a training: gradients and scores. Data, batches, recipe, optimiser, averaging and stopping are
/// <see cref="Trainer"/>'s, whatever computes these.</summary>
internal unsafe interface IBatchGradient : IDisposable
{
    /// <summary>Gradient of the mean negative log-likelihood after <see cref="Run"/>; 0 where rows are padded. Shape
    /// [layout.Length].</summary>
    float* Gradient { get; }

    /// <summary>Runs a batch forwards and backwards.</summary>
    /// <param name="weights">Shape [layout.Length].</param>
    /// <param name="batch">Sequences with a row or more each.</param>
    /// <returns>Summed joint NLL and the number of scored forecasts.</returns>
    (double Nll, int Rows) Run(AlignedBuffer weights, IReadOnlyList<EncodedSequence> batch);

    /// <summary>Scores sequences without gradients.</summary>
    /// <param name="weights">Shape [layout.Length].</param>
    /// <param name="sequences">Sequences with a row or more each.</param>
    /// <returns>Summed joint NLL and the number of scored forecasts.</returns>
    (double Nll, long Rows) Score(AlignedBuffer weights, IReadOnlyList<EncodedSequence> sequences);
}

/// <summary>Makes ready to compute a model's gradients.</summary>
/// <param name="config">Shape, marks and gap statistics.</param>
/// <param name="layout">Places of the tensors in the weights.</param>
/// <param name="timeHead">The anchored time head.</param>
internal delegate IBatchGradient GradientFactory(ModelConfig config, ParameterLayout layout, TimeHead timeHead,
    IReadOnlyList<ValueMixture> values);
