using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Models.Torch.Training;

/// <summary>Fits a model to event sequences by Torch's autograd: <see cref="Trainer"/>'s recipe, batches, stopping and file, another
/// device's gradients.</summary>
public static class TorchTrainer
{
    /// <summary>Trains by the default recipe and returns the averaged weights of the best dev epoch.</summary>
    /// <param name="train">Sequences to learn from.</param>
    /// <param name="dev">Sequences that decide when to stop.</param>
    /// <param name="options">As for <see cref="Trainer"/>; threads are those of the host's share.</param>
    /// <param name="device">Where the network runs. Its weights agree with the CPU's in what they reach, not bit for bit.</param>
    /// <param name="progress">Gets a report after every optimiser step, or null.</param>
    /// <param name="cancellationToken">Stops the training between two steps.</param>
    /// <exception cref="ArgumentException">The data cannot be trained on; the message says why and what to do.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static TrainingResult Train(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> dev, TrainingOptions options,
        TorchDevice device, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Trainer.Train(train, dev, options,
            (config, layout, timeHead, _) => config.ForecastsValues || config.Labels is not null || config.Remaining is not null
                ? throw new ArgumentException("Torch trains models of gaps and marks, and these streams have values, labels or ends. Train on the CPU ('--device cpu'), or leave them out.", nameof(train))
                : new TorchGradient(device, config, layout, timeHead, options.Threads),
            progress, cancellationToken);
}
