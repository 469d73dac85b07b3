using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Grains.Silos;
using Foretell.Hosting;
using Foretell.Models.Stepping;

namespace Foretell.Grains.Contracts;

/// <summary>Where a shard stands.</summary>
[GenerateSerializer, Immutable, Alias("foretell.shard-status")]
public sealed partial record ShardStatus
{
    /// <summary>Its partition.</summary>
    [Id(0)] public required int Partition { get; init; }

    /// <summary>Silo that it lives on.</summary>
    [Id(1)] public required SiloAddress Silo { get; init; }

    /// <summary>True while it answers queries.</summary>
    [Id(2)] public required bool Ready { get; init; }

    /// <summary>Its epoch; 0 before it took one.</summary>
    [Id(3)] public required long Epoch { get; init; }

    /// <summary>Last record applied.</summary>
    [Id(4)] public required long Position { get; init; }

    /// <summary>Streams with at least one applied event.</summary>
    [Id(5)] public required int Streams { get; init; }

    /// <summary>Events applied since the log was created.</summary>
    [Id(6)] public required long Applied { get; init; }

    /// <summary>Dead letters since the log was created.</summary>
    [Id(7)] public required long DeadLetters { get; init; }

    /// <summary>Applied events with an unknown mark since the log was created.</summary>
    [Id(8)] public required long UnknownMarks { get; init; }

    /// <summary>Append time of the oldest record that it holds and has not applied; <see cref="long.MaxValue"/> when there is
    /// none.</summary>
    [Id(9)] public required long PendingSince { get; init; }

    /// <summary>Events scored since the shard came to its silo, and the sums of their scores.</summary>
    [Id(10)] public required long ScoredEvents { get; init; }

    /// <inheritdoc cref="ScoredEvents"/>
    [Id(11)] public required double TimeScore { get; init; }

    /// <inheritdoc cref="ScoredEvents"/>
    [Id(12)] public required double MarkScore { get; init; }

    /// <inheritdoc cref="ScoredEvents"/>
    [Id(13)] public required double BaselineTimeScore { get; init; }

    /// <inheritdoc cref="ScoredEvents"/>
    [Id(14)] public required double BaselineMarkScore { get; init; }

    /// <summary>Why it is not healthy, or null.</summary>
    [Id(15)] public string? Problem { get; init; }

    /// <summary>What steps its rows; null from a silo of an earlier release, which has the CPU.</summary>
    [Id(16)] public string? Device { get; init; }

    /// <summary>Why its silo's accelerator is not used any more, or null.</summary>
    [Id(17)] public string? DeviceProblem { get; init; }

    /// <summary>How many partitions its silo can carry beside others; 0 from a silo of an earlier release.</summary>
    [Id(18)] public double Weight { get; init; }

    /// <inheritdoc cref="ScoredEvents"/>
    [Id(19)] public double ValueScore { get; init; }

    /// <inheritdoc cref="ScoredEvents"/>
    [Id(20)] public double BaselineValueScore { get; init; }

    /// <summary>Labels scored likewise, those whose kind was the likeliest, and the sum of their log probabilities.</summary>
    [Id(21)] public long ScoredLabels { get; init; }

    /// <inheritdoc cref="ScoredLabels"/>
    [Id(22)] public double LabelHits { get; init; }

    /// <inheritdoc cref="ScoredLabels"/>
    [Id(23)] public double LabelScore { get; init; }

    internal PartitionReport ToReport() => new(Partition, Position, Streams, new ShardTotals(Applied, DeadLetters, UnknownMarks),
        new ScoreTotals(ScoredEvents, TimeScore, MarkScore, BaselineTimeScore, BaselineMarkScore)
        {
            Value = ValueScore,
            BaselineValue = BaselineValueScore,
            Labels = new LabelTotals(ScoredLabels, LabelHits, LabelScore),
        },
        PendingSince, Problem);

    internal static ShardStatus Of(PartitionReport report, SiloEngine engine, long epoch, SiloAddress silo, bool ready)
    {
        DeviceReport device = engine.Model.Device.Report();
        return new ShardStatus
        {
            Partition = report.Partition,
            Silo = silo,
            Ready = ready,
            Epoch = epoch,
            Position = report.Position,
            Streams = report.Streams,
            Applied = report.Totals.Applied,
            DeadLetters = report.Totals.DeadLetters,
            UnknownMarks = report.Totals.UnknownMarks,
            PendingSince = report.PendingSince,
            ScoredEvents = report.Scores.Events,
            TimeScore = report.Scores.Time,
            MarkScore = report.Scores.Mark,
            BaselineTimeScore = report.Scores.BaselineTime,
            BaselineMarkScore = report.Scores.BaselineMark,
            ValueScore = report.Scores.Value,
            BaselineValueScore = report.Scores.BaselineValue,
            ScoredLabels = report.Scores.Labels.Count,
            LabelHits = report.Scores.Labels.Hits,
            LabelScore = report.Scores.Labels.Log,
            Problem = report.Problem,
            Device = device.Name,
            DeviceProblem = device.Problem,
            Weight = engine.Weight(device),
        };
    }
}
