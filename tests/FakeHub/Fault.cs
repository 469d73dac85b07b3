namespace Foretell.FakeHub;

/// <summary>Something that goes wrong the next few times, and then no more.</summary>
public sealed class Fault
{
    private readonly Lock _gate = new();
    private string _condition = HubConditions.InternalError;
    private int _left;

    /// <summary>How often it is still going to happen.</summary>
    public int Left
    {
        get
        {
            lock (_gate)
            {
                return _left;
            }
        }
    }

    /// <summary>Switches the fault on; 0 times switches it off.</summary>
    /// <param name="times">How often it happens; <see cref="int.MaxValue"/> for always.</param>
    /// <param name="condition">What the client is told, one of <see cref="HubConditions"/>; lost acknowledgements tell nothing.</param>
    public void Arm(int times, string condition = HubConditions.InternalError)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(times);
        lock (_gate)
        {
            (_left, _condition) = (times, condition);
        }
    }

    /// <summary>Uses the fault up by one.</summary>
    /// <returns>False when nothing is to go wrong.</returns>
    internal bool Strikes()
    {
        lock (_gate)
        {
            if (_left > 0 && _left < int.MaxValue)
            {
                _left--;
                return true;
            }
            return _left > 0;
        }
    }

    internal void ThrowIfItStrikes()
    {
        if (Strikes())
        {
            throw new HubException(_condition);
        }
    }
}
