using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>One observed gap as the time head scores it: on a clock grid the tick interval around it, else a point.</summary>
/// <param name="Z">Standardised log gap: the middle of the interval, or the point.</param>
/// <param name="Low">Standardised log of the interval's lower end; negative infinity where it starts at 0.</param>
/// <param name="High">Standardised log of its upper end.</param>
/// <param name="LogUnit">What turns a log probability (or density of z) into a log density per time unit: minus the log width, or
/// minus ln(deviation x gap).</param>
internal readonly record struct GapInterval(double Z, double Low, double High, double LogUnit)
{
    /// <summary>True when the gap is scored as an interval.</summary>
    public bool IsInterval => High > Low;

    /// <summary>Standardises a gap by a model's statistics.</summary>
    /// <param name="gap">Gap in time units, 0 or more; floored at the model's floor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static GapInterval Of(double gap, ModelConfig config)
    {
        double floored = Math.Max(gap, config.GapFloor);
        if (config.Resolution == 0)
        {
            return Point(VectorMath.Log(Vector512.Create(floored))[0], config);
        }
        // The interval is around the gap as it was seen, not floored: the ticks' intervals tile the axis and sum to 1.
        double low = Math.Max(0, gap - config.Resolution / 2), high = gap + config.Resolution / 2;
        // One vector has all four logarithms, and they are our own: the score is kept with the row, and the row must not differ
        // between platforms.
        var logs = VectorMath.Log(Vector512.Create(floored, low == 0 ? 1 : low, high, high - low, 1, 1, 1, 1));
        double lowest = low == 0 ? double.NegativeInfinity : Standardise(logs[1], config), highest = Standardise(logs[2], config);
        // A tick so small beside the gap that both ends are one number: the density at it is all that can be told.
        return highest > lowest ? new GapInterval(Standardise(logs[0], config), lowest, highest, -logs[3]) : Point(logs[0], config);
    }

    /// <summary>All gaps longer than a silence: scored, it gives the logarithm of their probability.</summary>
    /// <param name="silence">Time units, 0 or more.</param>
    public static GapInterval Beyond(double silence, ModelConfig config)
    {
        double z = silence > 0 ? Standardise(Math.Log(silence), config) : double.NegativeInfinity;
        return new GapInterval(z, z, double.PositiveInfinity, 0);
    }

    /// <summary>z of a gap, floored at the model's floor.</summary>
    public static double StandardiseFloored(double gap, ModelConfig config) =>
        Standardise(VectorMath.Log(Math.Max(gap, config.GapFloor)), config);

    private static GapInterval Point(double logTau, ModelConfig config)
    {
        double z = Standardise(logTau, config);
        return new GapInterval(z, z, z, -logTau - VectorMath.Log(config.LogGapDeviation));
    }

    private static double Standardise(double logTau, ModelConfig config) => (logTau - config.LogGapMean) / config.LogGapDeviation;
}
