using System.Text.Json.Serialization;
using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;
using Foretell.Models.Training;

namespace Foretell.Cli.Data;

/// <summary>What a training came to, as one JSON object.</summary>
internal sealed record TrainingReport
{
    /// <summary>Id of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Where it was written.</summary>
    public required string Path { get; init; }

    /// <summary>Seconds per unit of its times.</summary>
    public required double TimeUnitSeconds { get; init; }

    /// <summary>Clock grid of the times, time units; 0 where there is none.</summary>
    public required double Resolution { get; init; }

    /// <summary>Marks that it tells apart.</summary>
    public required int Marks { get; init; }

    /// <summary>Values that it reads and forecasts.</summary>
    public required IReadOnlyList<string> Values { get; init; }

    /// <summary>Kinds of stream that it tells apart.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Rare marks that became its mark `other`; null where there were none.</summary>
    public required FoldedMarks? FoldedMarks { get; init; }

    /// <summary>How one file became two sets; null where two files were named.</summary>
    public required SplitReport? Split { get; init; }

    /// <summary>What was learned from.</summary>
    public required SetReport Train { get; init; }

    /// <summary>What decided when to stop.</summary>
    public required SetReport Dev { get; init; }

    /// <summary>Joint NLL on dev, nats an event (of censored training: per event or open end).</summary>
    public required double DevNll { get; init; }

    /// <summary>Epoch of that score.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>Optimiser steps done.</summary>
    public required int Steps { get; init; }

    /// <summary>Where it was trained: "cpu", "torch-cpu", or "cuda:0" by the GPU's number.</summary>
    public required string Device { get; init; }

    /// <summary>Time that it took.</summary>
    public required double Seconds { get; init; }

    /// <summary>Events of dev whose mark train never has.</summary>
    public required long UnknownMarks { get; init; }

    /// <summary>A few of these marks; empty text stands for no mark.</summary>
    public required IReadOnlyList<string> UnknownMarkExamples { get; init; }

    /// <summary>What is strange about the data, a sentence each.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>Whether the model's forecasts follow what each stream shows of its own.</summary>
    public required bool Adapts { get; init; }

    /// <summary>Nats an event that this costs on dev, negative where it gains; null where it was not wanted.</summary>
    public required double? AdaptationCost { get; init; }

    public static TrainingReport Of(TrainingResult result, double? adaptationCost, TrainingData data, UnknownMarks unknown,
        IReadOnlyList<string> remarks, string path, string device, TimeSpan took)
    {
        ModelConfig config = result.Model.Config;
        return new TrainingReport
        {
            Model = result.Model.Id,
            Path = path,
            Adapts = config.Adapt,
            AdaptationCost = adaptationCost,
            TimeUnitSeconds = config.TimeUnitSeconds,
            Resolution = config.Resolution,
            Marks = config.Marks.Count,
            Values = [.. (config.Values ?? []).Select(v => v.Name)],
            Labels = config.Labels ?? [],
            FoldedMarks = result.Folded,
            Split = data.Split is { } split ? new SplitReport(split.Cut is null ? "stream" : "time", split.Cut) : null,
            Train = SetReport.Of(data.Train),
            Dev = SetReport.Of(data.Dev),
            DevNll = result.DevNll,
            BestEpoch = result.BestEpoch,
            Steps = result.Steps,
            Device = device,
            Seconds = Math.Round(took.TotalSeconds, 3),
            UnknownMarks = unknown.Events,
            UnknownMarkExamples = unknown.Examples,
            Remarks = remarks,
        };
    }
}

/// <summary>Size of a set.</summary>
/// <param name="Sequences">Streams.</param>
/// <param name="Events">Their events.</param>
internal sealed record SetReport(int Sequences, long Events)
{
    public static SetReport Of(IReadOnlyList<EventSequence> set) => new(set.Count, set.Sum(s => (long)s.Times.Length));
}

/// <summary>How one file became two sets.</summary>
/// <param name="By">"stream" or "time".</param>
/// <param name="Cut">Time of the last event of train, time units; from the file's first event where its times are absolute.</param>
internal sealed record SplitReport(string By, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Cut);
