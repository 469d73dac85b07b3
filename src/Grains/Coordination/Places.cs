namespace Foretell.Grains.Coordination;

/// <summary>Where partitions are that are shared out over silos, as each of them says itself, and which of them is being moved.</summary>
internal sealed class Places
{
    private readonly Dictionary<int, SiloAddress> _at = [];
    private readonly HashSet<int> _moving = [];

    /// <summary>How many partitions there are; once there, none goes away.</summary>
    public int Count { get; set; }

    /// <summary>True when every partition has answered, but for one that is moving, which is no sign of trouble.</summary>
    public bool IsSettled => Enumerable.Range(0, Count).All(p => _at.ContainsKey(p) || _moving.Contains(p));

    /// <summary>True from the moment at which a partition is told to move until it answers from its new place.</summary>
    public bool IsMoving(int partition) => _moving.Contains(partition);

    /// <summary>Takes a partition's answer.</summary>
    /// <param name="silo">Where it is, or null where it cannot be used yet.</param>
    /// <param name="wasMoving">Whether it was moving when it was asked.</param>
    public void Found(int partition, SiloAddress? silo, bool wasMoving)
    {
        // Asked before it was told to move, it says where it was.
        if (wasMoving != IsMoving(partition))
        {
            return;
        }
        if (silo is null)
        {
            _at.Remove(partition);
            return;
        }
        _at[partition] = silo;
        _moving.Remove(partition);
    }

    /// <summary>A partition does not answer.</summary>
    public void Lost(int partition) => _at.Remove(partition);

    /// <summary>Moves one partition to a silo that has less than its share; none while another one has not answered.</summary>
    /// <remarks>The next one goes when this one is served again: a silo that joins has its share soon, and what is not served
    /// meanwhile is one partition.</remarks>
    /// <param name="weights">Silos that may have partitions, each with how many it can carry beside the others.</param>
    /// <param name="move">Tells a partition to move.</param>
    public async Task EvenOutAsync(IReadOnlyDictionary<SiloAddress, double> weights, Func<int, SiloAddress, Task> move)
    {
        if (_at.Count < Count || Balance.Next([.. Enumerable.Range(0, Count).Select(p => _at[p])], weights) is not { } next)
        {
            return;
        }
        _moving.Add(next.Partition);
        _at.Remove(next.Partition);
        try
        {
            await move(next.Partition, next.Target);
        }
        catch
        {
            _moving.Remove(next.Partition);
            throw;
        }
    }
}
