using System.Diagnostics.Metrics;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Models.Stepping;

namespace Foretell.Hosting;

/// <summary>The gauges that tell where a platform stands, observed when somebody collects them.</summary>
public static class PlatformGauges
{
    // Every silo tells what it knows of all of them: a sum over the silos counts each partition as often as there are silos.
    internal const string OfAll = " (the whole cluster's, told by every silo: take the maximum, never the sum)";

    private static readonly Lock s_gate = new();
    private static Observation[] s_observed = [];

    static PlatformGauges()
    {
        Telemetry.Meter.CreateObservableGauge("foretell.ready", () => Volatile.Read(ref s_observed)
            .Select(observed => new Measurement<int>(observed.Platform.Health() is { Started: true, Problems: [] } ? 1 : 0)), "{process}",
            "1 while this process can do its part, as /health/ready says, else 0");
        Add("foretell.streams", "{stream}", "Streams with at least one applied event", s => s.Streams);
        Add("foretell.lag.events", "{event}", "Records appended but not applied yet", s => s.LagEvents);
        Add("foretell.lag.time", "s", "Age of the oldest record not applied yet", s => s.LagSeconds);
        Add("foretell.nll", "nat", "Mean negative log-likelihood per event of late (16,384 a partition)",
            s => Nll(s.Scores.Events, s.Scores.Joint));
        Add("foretell.nll.baseline", "nat", "The same under the history-free baseline",
            s => Nll(s.Scores.Events, s.Scores.BaselineJoint));
        Add("foretell.partitions.unserved", "{partition}", "Partitions that cannot be asked now", s => s.UnservedPartitions);
        Add("foretell.problems", "{problem}", "Problems that the status tells", s => s.Problems.Count);
        Add("foretell.log.lost", "{log}", "1 once the log is found to have lost acknowledged records, else 0", s => s.RecordsLost ? 1 : 0);
        Add("foretell.log.records", "{record}", "Records that the log holds", s => s.RecordsKept);
        Add("foretell.log.trimmed", "{record}", "Records that retention has removed from the log since it was created", s => s.RecordsTrimmed);
        Telemetry.Meter.CreateObservableGauge("foretell.silo.partitions", () => Volatile.Read(ref s_observed)
            .SelectMany(observed => observed.Platform.Status().Devices).Select(d => new Measurement<int>(d.Partitions, Tags(d))), "{partition}",
            "Partitions by the silo that serves them and the device that steps their rows" + OfAll);
        AddSource("foretell.source.lag", "{message}", "Messages of a broker that are not in the log yet", s => s.Lag);
        AddSource("foretell.source.lag.time", "s", "Age of the last message in the log, while the broker has more",
            s => s.LagSeconds(EventTime.FromDateTimeOffset(TimeProvider.System.GetUtcNow())));
        AddDevice("foretell.device.batches", "{batch}", "Batches that an accelerator stepped", d => [(d.Batches, null)]);
        AddDevice("foretell.device.events", "{event}", "Events by what stepped them: the accelerator, or the CPU where waves are small",
            d => [(d.DeviceEvents, "device"), (d.CpuEvents, "cpu")]);
        AddDevice("foretell.device.busy", "s", "Time in which an accelerator had batches: copies and steps", d => [(d.Busy.TotalSeconds, null)]);
        AddDevice("foretell.device.copied", "By", "Bytes copied to an accelerator and back", d => [(d.CopiedBytes, null)]);
        Telemetry.Meter.CreateObservableGauge("foretell.device.memory", () => Accelerators().Select(d => Measure(d, d.MemoryBytes, null)), "By",
            "Bytes that batches take on an accelerator");
        Telemetry.Meter.CreateObservableGauge("foretell.device.retired", () => Accelerators().Select(d => Measure(d, d.Problem is null ? 0 : 1, null)),
            "{device}", "1 once an accelerator failed and is not used any more, else 0");
    }

    /// <summary>Lets the gauges observe a platform and this process's device until the result is disposed.</summary>
    public static IDisposable Observe(IPlatform platform, Func<DeviceReport> device)
    {
        // A counter that begins at its first failure shows no increase by it.
        Telemetry.AppendFailures.Add(0);
        lock (s_gate)
        {
            var observation = new Observation(platform, device);
            s_observed = [.. s_observed, observation];
            return observation;
        }
    }

    private static double? Nll(long events, double sum) => events == 0 ? null : -sum / events;

    private static void AddSource(string name, string unit, string description, Func<SourceProgress, double> value) =>
        Telemetry.Meter.CreateObservableGauge(name, () => Volatile.Read(ref s_observed)
            .SelectMany(observed => observed.Platform.Status().Sources)
            .Select(s => new Measurement<double>(value(s), new KeyValuePair<string, object?>("foretell.source", s.Partition.Source),
                new("foretell.source.partition", s.Partition.Partition))), unit, description + OfAll);

    private static void Add(string name, string unit, string description, Func<PlatformStatus, double?> value) =>
        Telemetry.Meter.CreateObservableGauge(name, () => Volatile.Read(ref s_observed)
            .Select(observed => value(observed.Platform.Status())).Where(v => v is not null)
            .Select(v => new Measurement<double>(v!.Value)), unit, description + OfAll);

    private static void AddDevice(string name, string unit, string description, Func<DeviceReport, (double Value, string? By)[]> values) =>
        Telemetry.Meter.CreateObservableCounter(name,
            () => Accelerators().SelectMany(d => values(d).Select(v => Measure(d, v.Value, v.By))), unit, description);

    /// <summary>Devices beside the CPU: a process without one has none of these series.</summary>
    private static IEnumerable<DeviceReport> Accelerators() =>
        Volatile.Read(ref s_observed).Select(observed => observed.Device()).Where(d => d.LeastWave > 0);

    private static KeyValuePair<string, object?>[] Tags(DeviceStatus device) => device.Silo is null
        ? [new("foretell.device", device.Name)]
        : [new("foretell.device", device.Name), new("foretell.silo", device.Silo)];

    private static Measurement<double> Measure(DeviceReport device, double value, string? by)
    {
        var tag = new KeyValuePair<string, object?>("foretell.device", device.Name);
        return by is null ? new Measurement<double>(value, tag) : new Measurement<double>(value, tag, new("foretell.stepped_by", by));
    }

    private sealed class Observation(IPlatform platform, Func<DeviceReport> device) : IDisposable
    {
        public IPlatform Platform => platform;

        public Func<DeviceReport> Device => device;

        public void Dispose()
        {
            lock (s_gate)
            {
                s_observed = [.. s_observed.Where(o => o != this)];
            }
        }
    }
}
