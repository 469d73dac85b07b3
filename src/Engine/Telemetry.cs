using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Foretell.Engine;

/// <summary>Every instrument of the platform, by OpenTelemetry's naming rules. Hosts attach exporters to <see cref="Name"/>.</summary>
/// <remarks>A stream key is never a dimension: there are millions of them. Gauges are observed and never recorded: exporters keep what was
/// recorded last for as long as the process lives, also of a partition that has moved away.</remarks>
public static class Telemetry
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "Foretell";

    /// <summary>Spans of appends, of what a shard applies of them, and of commits.</summary>
    public static readonly ActivitySource Activities = new(Name);

    /// <summary>The platform's meter, for gauges that a host adds.</summary>
    public static readonly Meter Meter = new(Name);

    // Exporters' own buckets begin at 5, as for milliseconds: nearly everything here would fall into the first one.
    private static readonly InstrumentAdvice<double> s_seconds = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private static readonly InstrumentAdvice<int> s_records = new()
    {
        HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096],
    };

    /// <summary>Events that the log took.</summary>
    public static readonly Counter<long> EventsAccepted =
        Meter.CreateCounter<long>("foretell.events.accepted", "{event}", "Events made durable in the log");

    /// <summary>Appends that callers were told to repeat, since the log could not be written.</summary>
    public static readonly Counter<long> AppendFailures =
        Meter.CreateCounter<long>("foretell.append.failures", "{append}", "Appends that failed since the log could not be written");

    /// <summary>Commits that failed, by partition and by what happened: "unavailable" is tried again, "stopped" ends the shard here.</summary>
    public static readonly Counter<long> CommitFailures =
        Meter.CreateCounter<long>("foretell.commit.failures", "{commit}", "Commits of shards that failed");

    /// <summary>Events applied to their streams' states, by partition.</summary>
    public static readonly Counter<long> EventsApplied =
        Meter.CreateCounter<long>("foretell.events.applied", "{event}", "Events applied to stream states");

    /// <summary>Events refused at the door or turned into dead letters, by reason.</summary>
    public static readonly Counter<long> EventsRejected =
        Meter.CreateCounter<long>("foretell.events.rejected", "{event}", "Events refused or turned into dead letters");

    /// <summary>Messages that sources were read up to, by source.</summary>
    public static readonly Counter<long> SourceMessages =
        Meter.CreateCounter<long>("foretell.source.messages", "{message}", "Messages of sources that the log took");

    /// <summary>Messages that a broker lost before they were read and that were skipped, by source and by what happened: at least 1 where
    /// nobody knows how many.</summary>
    public static readonly Counter<long> SourceMissing =
        Meter.CreateCounter<long>("foretell.source.missing", "{message}", "Messages of sources that were gone before they were read");

    /// <summary>Failures of a source or of the log that a reader rode out, by source and fault.</summary>
    public static readonly Counter<long> SourceRetries =
        Meter.CreateCounter<long>("foretell.source.retries", "{try}", "Failures after which a source was opened anew");

    /// <summary>Messages that brokers took, by sink.</summary>
    public static readonly Counter<long> SinkPublished =
        Meter.CreateCounter<long>("foretell.sink.published", "{message}", "Messages that the broker of a sink took");

    /// <summary>Items of feeds that were not published, by sink and by what happened: at least 1 where nobody knows how many.</summary>
    public static readonly Counter<long> SinkMissed =
        Meter.CreateCounter<long>("foretell.sink.missed", "{message}", "Items that a sink did not publish");

    /// <summary>Failures of a sink, of its feed or of the log that a publisher rode out, by sink and fault.</summary>
    public static readonly Counter<long> SinkRetries =
        Meter.CreateCounter<long>("foretell.sink.retries", "{try}", "Failures after which a sink was tried again");

    /// <summary>Alerts that went out.</summary>
    public static readonly Counter<long> AlertsRaised =
        Meter.CreateCounter<long>("foretell.alerts.raised", "{alert}", "Streams found overdue");

    /// <summary>Alerts that would have come too late to be news.</summary>
    public static readonly Counter<long> AlertsTooOld =
        Meter.CreateCounter<long>("foretell.alerts.too_old", "{alert}", "Streams found overdue long after the fact");

    /// <summary>An event counts as surprising below this p-value (<see cref="Foretell.Models.Stepping.StepScore.PValue"/>).</summary>
    public const float SurprisingPValue = 0.001f;

    /// <summary>Surprising events, by partition: about one applied event in a thousand if the model is right.</summary>
    public static readonly Counter<long> EventsSurprising =
        Meter.CreateCounter<long>("foretell.events.surprising", "{event}", "Applied events with a p-value below 0.001");

    /// <summary>Labels that were scored, by partition.</summary>
    public static readonly Counter<long> LabelsScored =
        Meter.CreateCounter<long>("foretell.labels.scored", "{label}", "Labels of streams scored by the forecast before them");

    /// <summary>Streams found changed, by partition.</summary>
    public static readonly Counter<long> DriftAlarms =
        Meter.CreateCounter<long>("foretell.drift.alarms", "{alarm}", "Streams whose likelihood changed for good");

    /// <summary>Records that a shard applied in one go.</summary>
    public static readonly Histogram<int> BatchSize =
        Meter.CreateHistogram<int>("foretell.batch.size", "{event}", "Records read from the log at once", tags: null, s_records);

    /// <summary>Seconds for one batch of model steps.</summary>
    public static readonly Histogram<double> StepDuration =
        Meter.CreateHistogram<double>("foretell.step.duration", "s", "Time of one slice of a batch in the shard", tags: null, s_seconds);

    /// <summary>Seconds for one commit of a shard.</summary>
    public static readonly Histogram<double> CommitDuration =
        Meter.CreateHistogram<double>("foretell.commit.duration", "s", "Time to write rows and position of a shard", tags: null, s_seconds);

    /// <summary>Seconds for one transaction of the log.</summary>
    public static readonly Histogram<double> AppendDuration =
        Meter.CreateHistogram<double>("foretell.append.duration", "s", "Time of one transaction of the log", tags: null, s_seconds);

    /// <summary>The span at work, when somebody samples it and this process traces; else null.</summary>
    public static ActivityContext? Sampled =>
        Activities.HasListeners() && Activity.Current is { Recorded: true } span ? span.Context : null;
}
