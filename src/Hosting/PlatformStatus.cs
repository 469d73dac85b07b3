using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Shards;
using Foretell.Models.Stepping;

namespace Foretell.Hosting;

/// <summary>Where a platform stands.</summary>
public sealed record PlatformStatus
{
    /// <summary>Streams with at least one applied event.</summary>
    public long Streams { get; init; }

    /// <summary>Events in the log (control records not counted).</summary>
    public long EventsAccepted { get; init; }

    /// <summary>Events applied to a state since the log was created.</summary>
    public long EventsApplied { get; init; }

    /// <summary>Events that became dead letters since the log was created.</summary>
    public long DeadLetters { get; init; }

    /// <summary>Applied events whose mark the model does not know, since the log was created.</summary>
    public long UnknownMarks { get; init; }

    /// <summary>Records appended but not applied yet.</summary>
    public long LagEvents { get; init; }

    /// <summary>Age of the oldest record not applied yet, seconds; 0 when there is none.</summary>
    public double LagSeconds { get; init; }

    /// <summary>Events scored since this process started, and their summed scores (nats; sums of <see cref="StepScore"/>).</summary>
    public ScoreTotals Scores { get; init; }

    /// <summary>True once every shard has loaded its rows and serves queries.</summary>
    public bool Ready { get; init; }

    /// <summary>Partitions that nobody can be asked about now: they load, move, or have stopped.</summary>
    public int UnservedPartitions { get; init; }

    /// <summary>True once the log, as this process sees it, has lost records that it had acknowledged.</summary>
    public bool RecordsLost { get; init; }

    /// <summary>Records that the log holds.</summary>
    public long RecordsKept { get; init; }

    /// <summary>Records that retention has removed from the log since it was created.</summary>
    public long RecordsTrimmed { get; init; }

    /// <summary>Where the reading of brokers stands, partition by partition; empty without sources.</summary>
    public IReadOnlyList<SourceProgress> Sources { get; init; } = [];

    /// <summary>Where the publishing to brokers stands, feed by feed; empty without sinks.</summary>
    public IReadOnlyList<SinkProgress> Sinks { get; init; } = [];

    /// <summary>What steps the rows, device by device.</summary>
    public IReadOnlyList<DeviceStatus> Devices { get; init; } = [];

    /// <summary>Why the platform is not healthy, one sentence each; empty when it is.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Sums over the partitions. Whether all are ready, and what is wrong, is for the caller to say.</summary>
    /// <param name="reports">What is known of each partition, by number; null where nothing is.</param>
    /// <param name="log">The log.</param>
    /// <param name="nowTicks">Now (<see cref="EventTime"/>).</param>
    public static PlatformStatus Sum(IReadOnlyList<PartitionReport?> reports, IEventLog log, long nowTicks)
    {
        long oldest = long.MaxValue;
        var status = new PlatformStatus { RecordsLost = log.Lost is not null };
        for (int partition = 0; partition < reports.Count; partition++)
        {
            PartitionReport? report = reports[partition];
            LogEnd end = log.End(partition);
            long lag = Math.Max(0, end.Sequence - (report?.Position ?? 0));
            if (lag > 0)
            {
                // A record that no batch holds yet came at about the time of the log's end.
                oldest = Math.Min(oldest, Math.Min(report?.PendingSince ?? long.MaxValue, end.AppendTicks));
            }
            status = status with
            {
                EventsAccepted = status.EventsAccepted + end.Events,
                LagEvents = status.LagEvents + lag,
                RecordsKept = status.RecordsKept + end.Sequence - log.Trimmed(partition),
                RecordsTrimmed = status.RecordsTrimmed + log.Trimmed(partition),
                Streams = status.Streams + (report?.Streams ?? 0),
                EventsApplied = status.EventsApplied + (report?.Totals.Applied ?? 0),
                DeadLetters = status.DeadLetters + (report?.Totals.DeadLetters ?? 0),
                UnknownMarks = status.UnknownMarks + (report?.Totals.UnknownMarks ?? 0),
                Scores = report is null ? status.Scores : status.Scores + report.Scores,
            };
        }
        return status with { LagSeconds = oldest == long.MaxValue ? 0 : Math.Max(0, EventTime.SecondsBetween(oldest, nowTicks)) };
    }
}
