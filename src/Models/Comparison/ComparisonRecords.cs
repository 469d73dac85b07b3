using System.Text.Json.Serialization;
using Foretell.Models.Scoring;
using Foretell.Models.Training;

namespace Foretell.Models.Comparison;

/// <summary>What may not change within one folder of a comparison: all that decides a training's result but form, rate and seed.</summary>
/// <param name="Format">Version of the folder's files.</param>
/// <param name="Recipe">Version of the default recipe that trains.</param>
/// <param name="Rates">Learning rates tried.</param>
/// <param name="Training">Shape, epochs and clock grid; mixer, decay, rate, seed and threads stand at their defaults.</param>
/// <param name="Train">Training set.</param>
/// <param name="Dev">Dev set.</param>
/// <param name="Test">Test set.</param>
/// <remarks>A refusal names the first that differs: what the options say stands before the data, whose fingerprints change with
/// some of them.</remarks>
public sealed record ComparisonSettings(int Format, int Recipe, IReadOnlyList<double> Rates, TrainingOptions Training, DataSummary Train,
    DataSummary Dev, DataSummary Test);

/// <summary>A finished training. Its model lies beside its file.</summary>
/// <param name="Form">Name of the form.</param>
/// <param name="Rate">Learning rate.</param>
/// <param name="Seed">Seed.</param>
/// <param name="DevNll">Joint NLL on dev, nats per event (of censored training: per event or open end); null where the training
/// diverged.</param>
/// <param name="BestEpoch">Epoch of that score.</param>
/// <param name="Steps">Optimiser steps done.</param>
/// <param name="Seconds">Time it took.</param>
/// <param name="ProcessorSeconds">Processor time it took, over all threads.</param>
public sealed record TrainingRecord(string Form, double Rate, int Seed, double? DevNll, int BestEpoch, int Steps, double Seconds,
    double ProcessorSeconds);

/// <summary>Scores of one model, or of one simple method, on the test set.</summary>
public sealed record ScoreRecord
{
    /// <summary>Name of the form or method.</summary>
    public required string Form { get; init; }
    /// <summary>Mixer as the model has it; null for a simple method.</summary>
    public string? Mixer { get; init; }
    /// <summary>Events kept per layer; 0 for forms that are not bounded.</summary>
    public int States { get; init; }
    /// <summary>Seed of the training; 0 for a simple method, which has none.</summary>
    public int Seed { get; init; }
    /// <summary>Id of the model; null for a simple method.</summary>
    public string? ModelId { get; init; }
    /// <summary>Events predicted.</summary>
    public long Events { get; init; }
    /// <summary>Joint NLL, nats per event.</summary>
    public double Nll { get; init; }
    /// <summary>NLL of the inter-event times, density per time unit.</summary>
    public double NllTime { get; init; }
    /// <summary>NLL of the marks given the gap; null without marks.</summary>
    public double? NllMark { get; init; }
    /// <summary>Share of events whose likeliest mark, before the gap is known, came; null without marks.</summary>
    public double? Accuracy { get; init; }
    /// <summary>Streams whose silence up to the end of observation was scored; null where no sequence says when that was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? OpenEnds { get; init; }
    /// <summary>NLL of these silences, nats each. Not part of the other scores.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NllOpenEnd { get; init; }
    /// <summary>Kolmogorov-Smirnov distance of the probability integral transform from uniform.</summary>
    public double PitKs { get; init; }
    /// <summary>Errors of gaps and marks, and coverage; null in a folder of an earlier release.</summary>
    public ForecastErrors? Errors { get; init; }
    /// <summary>Numbers that training set.</summary>
    public int Parameters { get; init; }
    /// <summary>Bytes of a stream's state after 100, 1,000 and 10,000 events.</summary>
    public required StateSize Bytes { get; init; }
    /// <summary>Events a second of processor time that one thread steps, on streams of 1,000 events; null where it was not
    /// measured.</summary>
    public double? EventsPerSecond { get; init; }
    /// <summary>Events per hundredth of the probability integral transform. Shape [100].</summary>
    public IReadOnlyList<long> Pit { get; init; } = [];
    /// <summary>Scores by the number of events that the stream had before.</summary>
    public IReadOnlyList<SeenScore> BySeen { get; init; } = [];
}

/// <summary>Bytes of a stream's state as it ages.</summary>
/// <param name="After100">After 100 events.</param>
/// <param name="After1000">After 1,000.</param>
/// <param name="After10000">After 10,000.</param>
public readonly record struct StateSize(long After100, long After1000, long After10000)
{
    /// <summary>Asks for each of the three.</summary>
    public static StateSize Of(Func<long, long> bytesAfter) => new(bytesAfter(100), bytesAfter(1000), bytesAfter(10_000));
}
