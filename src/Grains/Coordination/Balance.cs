namespace Foretell.Grains.Coordination;

/// <summary>Decides which partition to move, so that silos that joined late get their share.</summary>
internal static class Balance
{
    /// <summary>The next move, or null when every silo has its share: the most loaded has at most one more than the least loaded.</summary>
    /// <param name="locations">Silo of each partition.</param>
    /// <param name="silos">Silos that may have partitions.</param>
    public static (int Partition, SiloAddress Target)? Next(IReadOnlyList<SiloAddress> locations, IReadOnlyCollection<SiloAddress> silos)
    {
        if (silos.Count == 0)
        {
            return null;
        }
        Dictionary<SiloAddress, int> load = silos.ToDictionary(s => s, s => locations.Count(s.Equals));
        SiloAddress least = silos.OrderBy(s => load[s]).ThenBy(s => s).First(),
            most = silos.OrderByDescending(s => load[s]).ThenBy(s => s).First();
        if (load[most] - load[least] < 2)
        {
            return null;
        }
        int partition = Enumerable.Range(0, locations.Count).Last(p => locations[p].Equals(most));
        return (partition, least);
    }
}
