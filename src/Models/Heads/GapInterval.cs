namespace Foretell.Models;

/// <summary>One observed gap as the time head scores it: on a clock grid the tick interval around it, else a point.</summary>
/// <param name="Z">Standardised log gap: the middle of the interval, or the point.</param>
/// <param name="Low">Standardised log of the interval's lower end; negative infinity where it starts at 0.</param>
/// <param name="High">Standardised log of its upper end.</param>
/// <param name="LogUnit">What turns a log probability (or density of z) into a log density per time unit: minus the log width, or minus ln(deviation x gap).</param>
internal readonly record struct GapInterval(double Z, double Low, double High, double LogUnit)
{
    /// <summary>True when the gap is scored as an interval.</summary>
    public bool IsInterval => High > Low;

    /// <summary>Standardises a gap by a model's statistics.</summary>
    /// <param name="gap">Gap in time units, 0 or more; floored at the model's floor.</param>
    public static GapInterval Of(double gap, ModelConfig config)
    {
        double floored = Math.Max(gap, config.GapFloor);
        double z = StandardiseFloored(gap, config);
        if (config.Resolution == 0)
        {
            return new GapInterval(z, z, z, -Math.Log(config.LogGapDeviation * floored));
        }
        // The interval is around the gap as it was seen, not floored: the ticks' intervals tile the axis and sum to 1.
        double low = Math.Max(0, gap - config.Resolution / 2), high = gap + config.Resolution / 2;
        return new GapInterval(z, low == 0 ? double.NegativeInfinity : Standardise(low, config), Standardise(high, config), -Math.Log(high - low));
    }

    /// <summary>z of a gap, floored at the model's floor.</summary>
    public static double StandardiseFloored(double gap, ModelConfig config) => Standardise(Math.Max(gap, config.GapFloor), config);

    /// <summary>(ln tau - mean) / deviation.</summary>
    private static double Standardise(double tau, ModelConfig config) => (Math.Log(tau) - config.LogGapMean) / config.LogGapDeviation;
}
