using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Foretell.Engine;

namespace Foretell.Hosting;

/// <summary>The gauges that tell of a partition, for as long as this process serves it: who owns it next tells from then on.</summary>
internal static class PartitionGauges
{
    private static readonly ConcurrentDictionary<PartitionHost, KeyValuePair<string, object?>> s_hosts = [];

    static PartitionGauges() => Telemetry.Meter.CreateObservableGauge("foretell.pit.ks", Distances, "1",
        "Kolmogorov-Smirnov distance of the probability integral transform from uniform, at the partition's last commit");

    /// <summary>Begins to tell of a partition.</summary>
    public static void Add(PartitionHost host) => s_hosts[host] = new("foretell.partition", host.Shard.Partition);

    /// <summary>Tells nothing more of it.</summary>
    public static void Remove(PartitionHost host) => s_hosts.TryRemove(host, out _);

    private static IEnumerable<Measurement<double>> Distances()
    {
        foreach ((PartitionHost host, KeyValuePair<string, object?> tag) in s_hosts)
        {
            if (host.PitKs is { } distance)
            {
                yield return new Measurement<double>(distance, tag);
            }
        }
    }
}
