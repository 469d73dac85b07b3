namespace Foretell.Faults.Disk;

/// <summary>Which faults a schedule draws, how often, and how often it has drawn each.</summary>
/// <param name="random">Where they are drawn from.</param>
internal sealed class Weather(Random random)
{
    private readonly double[] _rates = new double[Enum.GetValues<FaultKind>().Length];

    /// <summary>How often each fault was drawn in this process, over all its schedules.</summary>
    public static long[] Drawn { get; } = new long[Enum.GetValues<FaultKind>().Length];

    /// <summary>Hears of each fault that is drawn, and where.</summary>
    public Action<FaultKind, FaultPlace> Told { get; set; } = (_, _) => { };

    /// <summary>What is being done, for whoever hears of a fault in it.</summary>
    public FaultPlace Place { get; set; }

    /// <summary>Whether faults are drawn now.</summary>
    public bool IsBad { get; set; }

    /// <summary>Where details of a fault are drawn from.</summary>
    public Random Random => random;

    /// <summary>Probability of a fault each time that it is possible, while the weather is bad.</summary>
    public double this[FaultKind kind]
    {
        get => _rates[(int)kind];
        set => _rates[(int)kind] = value;
    }

    /// <summary>Draws whether a fault happens now.</summary>
    public bool Draws(FaultKind kind)
    {
        double rate = _rates[(int)kind];
        if (!IsBad || rate == 0 || random.NextDouble() >= rate)
        {
            return false;
        }
        Count(kind);
        Told(kind, Place);
        return true;
    }

    /// <summary>Counts a fault that was drawn elsewhere.</summary>
    public static void Count(FaultKind kind) => Drawn[(int)kind]++;
}
