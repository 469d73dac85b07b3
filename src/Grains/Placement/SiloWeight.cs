using System.Globalization;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Foretell.Grains.Placement;

/// <summary>How many partitions a silo can carry beside others: its threads, times what its device makes of them. It travels in the
/// silo's metadata.</summary>
/// <remarks>The speedup is a ratio that each silo measures on its own machine, in coarse steps: rates measured at different times on
/// busy machines would differ among equal silos, and partitions would move for nothing.</remarks>
internal static class SiloWeight
{
    /// <summary>Key of the weight in a silo's metadata.</summary>
    public const string MetadataKey = "foretell.weight";

    /// <summary>Key of the device's name in a silo's metadata, for people.</summary>
    public const string DeviceKey = "foretell.device";

    /// <summary>Metadata's text of a weight.</summary>
    public static string Format(double weight) => weight.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Weights of silos; all the same where one of an earlier release says none.</summary>
    /// <param name="silos">Silos.</param>
    /// <param name="metadata">What they said at their start.</param>
    /// <param name="now">What is known of some of them since then, or null.</param>
    public static IReadOnlyDictionary<SiloAddress, double> Of(IEnumerable<SiloAddress> silos, ISiloMetadataCache metadata,
        IReadOnlyDictionary<SiloAddress, double>? now = null) =>
        Of(silos.Select(s => (s, metadata.GetSiloMetadata(s).Metadata.GetValueOrDefault(MetadataKey))), now);

    /// <summary>The same of texts of metadata.</summary>
    internal static IReadOnlyDictionary<SiloAddress, double> Of(IEnumerable<(SiloAddress Silo, string? Said)> silos,
        IReadOnlyDictionary<SiloAddress, double>? now = null)
    {
        Dictionary<SiloAddress, double> weights =
            silos.ToDictionary(s => s.Silo, s => now?.GetValueOrDefault(s.Silo) is > 0 and var known ? known : Parse(s.Said));
        return weights.Values.All(w => w > 0) ? weights : Equal(weights.Keys);
    }

    /// <summary>The same weight for each.</summary>
    public static IReadOnlyDictionary<SiloAddress, double> Equal(IEnumerable<SiloAddress> silos) => silos.ToDictionary(s => s, _ => 1.0);

    /// <summary>The silo of a partition, where each has its share and equal silos take turns.</summary>
    /// <param name="partition">Partition.</param>
    /// <param name="weights">Weights of the silos.</param>
    public static SiloAddress Place(long partition, IReadOnlyDictionary<SiloAddress, double> weights)
    {
        SiloAddress[] silos = [.. weights.Keys.Order()];
        int[] given = new int[silos.Length];
        for (long p = 0; ; p++)
        {
            // The silo that is the least loaded once it has one more.
            int next = 0;
            for (int i = 1; i < silos.Length; i++)
            {
                next = (given[i] + 1) / weights[silos[i]] < (given[next] + 1) / weights[silos[next]] ? i : next;
            }
            if (p == partition)
            {
                return silos[next];
            }
            given[next]++;
        }
    }

    private static double Parse(string? weight) =>
        double.TryParse(weight, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : 0;
}
