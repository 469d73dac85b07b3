using System.Diagnostics.Metrics;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Hosting;

/// <summary>The gauges that tell where a platform stands, observed when somebody collects them.</summary>
public static class PlatformGauges
{
    private static readonly Lock s_gate = new();
    private static Func<PlatformStatus>[] s_platforms = [];

    static PlatformGauges()
    {
        Add("foretell.streams", "{stream}", "Streams with at least one applied event", s => s.Streams);
        Add("foretell.lag.events", "{event}", "Records appended but not applied yet", s => s.LagEvents);
        Add("foretell.lag.time", "s", "Age of the oldest record not applied yet", s => s.LagSeconds);
        Add("foretell.nll", "nat", "Mean negative log-likelihood per event of late (16,384 a partition)",
            s => Nll(s.Scores.Events, s.Scores.Time + s.Scores.Mark));
        Add("foretell.nll.baseline", "nat", "The same under the history-free baseline",
            s => Nll(s.Scores.Events, s.Scores.BaselineTime + s.Scores.BaselineMark));
        AddSource("foretell.source.lag", "{message}", "Messages of a broker that are not in the log yet", s => s.Lag);
        AddSource("foretell.source.lag.time", "s", "Age of the last message in the log, while the broker has more",
            s => s.LagSeconds(EventTime.FromDateTimeOffset(TimeProvider.System.GetUtcNow())));
    }

    /// <summary>Lets the gauges observe a platform until the result is disposed.</summary>
    public static IDisposable Observe(Func<PlatformStatus> status)
    {
        lock (s_gate)
        {
            s_platforms = [.. s_platforms, status];
        }
        return new Observation(status);
    }

    private static double? Nll(long events, double sum) => events == 0 ? null : -sum / events;

    private static void AddSource(string name, string unit, string description, Func<SourceProgress, double> value) =>
        Telemetry.Meter.CreateObservableGauge(name, () => Volatile.Read(ref s_platforms).SelectMany(status => status().Sources)
            .Select(s => new Measurement<double>(value(s), new KeyValuePair<string, object?>("foretell.source", s.Partition.Source),
                new("foretell.source.partition", s.Partition.Partition))), unit, description);

    private static void Add(string name, string unit, string description, Func<PlatformStatus, double?> value) =>
        Telemetry.Meter.CreateObservableGauge(name, () => Volatile.Read(ref s_platforms).Select(status => value(status()))
            .Where(v => v is not null).Select(v => new Measurement<double>(v!.Value)), unit, description);

    private sealed class Observation(Func<PlatformStatus> status) : IDisposable
    {
        public void Dispose()
        {
            lock (s_gate)
            {
                s_platforms = [.. s_platforms.Where(s => s != status)];
            }
        }
    }
}
