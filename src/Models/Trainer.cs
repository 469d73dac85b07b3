namespace Foretell.Models;

/// <summary>What to train and for how long.</summary>
public sealed record TrainingOptions
{
    /// <summary>Shape and time unit; data-dependent fields (floor, gap statistics, marks, resolution) are filled from the training data.</summary>
    public ModelConfig Shape { get; init; } = new();

    /// <summary>Clock grid in time units: null finds it in the training data, 0 treats times as continuous.</summary>
    public double? Resolution { get; init; }

    /// <summary>Passes over the training data; null follows the default recipe (docs/models.md).</summary>
    public int? Epochs { get; init; }

    /// <summary>Seed of every random choice.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Worker threads. The weights do not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;
}

/// <summary>Where training stands, reported after every optimiser step.</summary>
/// <param name="Step">Optimiser steps done.</param>
/// <param name="Steps">Steps planned; early stopping may end sooner.</param>
/// <param name="Epoch">Current pass over the data, from 1.</param>
/// <param name="TrainNll">Mean joint NLL per event over the steps since the last report of a dev score, nats.</param>
/// <param name="DevNll">Joint NLL on dev when this step ended an epoch, else null.</param>
/// <param name="BestDevNll">Best joint NLL on dev so far, or null before the first.</param>
public sealed record TrainingProgress(int Step, int Steps, int Epoch, double TrainNll, double? DevNll, double? BestDevNll);

/// <summary>A trained model with its dev score.</summary>
public sealed record TrainingResult(ForecastModel Model, double DevNll, int BestEpoch, int Steps);

/// <summary>Fits a model to event sequences on the CPU.</summary>
public static class Trainer
{
    /// <summary>Trains by the default recipe and returns the weights of the best dev epoch.</summary>
    /// <exception cref="ArgumentException">The data cannot be trained on; the message says why and what to do.</exception>
    public static TrainingResult Train(IReadOnlyList<EventSequence> train, IReadOnlyList<EventSequence> dev,
        TrainingOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
