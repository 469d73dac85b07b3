namespace Foretell.Grains.Coordination;

/// <summary>Decides which partition to move, so that silos that joined late get their share.</summary>
internal static class Balance
{
    /// <summary>The next move, or null when every silo has its share: no move would leave the more loaded one of two silos with less.
    /// </summary>
    /// <param name="locations">Silo of each partition.</param>
    /// <param name="weights">Silos that may have partitions, each with how many it can carry beside the others.</param>
    public static (int Partition, SiloAddress Target)? Next(IReadOnlyList<SiloAddress> locations,
        IReadOnlyDictionary<SiloAddress, double> weights)
    {
        if (weights.Count == 0)
        {
            return null;
        }
        Dictionary<SiloAddress, int> count = weights.Keys.ToDictionary(s => s, s => locations.Count(s.Equals));
        double Load(SiloAddress silo, int more) => (count[silo] + more) / weights[silo];
        SiloAddress least = weights.Keys.OrderBy(s => Load(s, 1)).ThenBy(s => s).First(),
            most = weights.Keys.OrderByDescending(s => Load(s, 0)).ThenBy(s => s).First();
        if (Load(least, 1) >= Load(most, 0))
        {
            return null;
        }
        int partition = Enumerable.Range(0, locations.Count).Last(p => locations[p].Equals(most));
        return (partition, least);
    }
}
