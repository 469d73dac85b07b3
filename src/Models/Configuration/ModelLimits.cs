namespace Foretell.Models.Configuration;

/// <summary>What a model can hold. Loading refuses what lies beyond, and training checks its data against the same numbers before it
/// begins.</summary>
public static class ModelLimits
{
    /// <summary>Most marks.</summary>
    public const int Marks = 4096;

    /// <summary>Longest mark, bytes of UTF-8: what an event may carry.</summary>
    public const int MarkBytes = 256;

    /// <summary>Most values that a model reads of an event.</summary>
    public const int Values = 16;

    /// <summary>Longest name of a value, bytes of UTF-8: what an event may carry.</summary>
    public const int ValueNameBytes = 64;

    /// <summary>Most kinds of stream that a model tells apart.</summary>
    public const int Labels = 256;

    /// <summary>Shortest gap above 0, time units. The network keeps gaps and rates of decay in single precision, where the product of a
    /// longest gap and the fastest rate must stay finite.</summary>
    public const double ShortestGap = 1e-18;

    /// <summary>Longest gap, silence, or distance of a time from 0, time units.</summary>
    public const double LongestGap = 1e18;

    /// <summary>Shortest time unit, seconds.</summary>
    public const double ShortestUnit = 1e-9;

    /// <summary>Longest time unit, seconds: thirty thousand years.</summary>
    public const double LongestUnit = 1e12;
}
