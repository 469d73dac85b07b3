using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>One observed gap as it is scored: on a clock grid the tick that it falls in, a cell of the grid; else a point.</summary>
/// <param name="Z">Standardised log gap, floored at the model's floor: what the network reads.</param>
/// <param name="Low">Standardised log of the cell's lower end, negative infinity where it starts at 0; of the point.</param>
/// <param name="High">Standardised log of its upper end.</param>
/// <param name="LogUnit">What turns a log probability (or density of z) into a log density per time unit: minus the log width, or
/// minus ln(deviation x gap).</param>
/// <param name="From">Lower end, time units.</param>
/// <param name="To">Upper end; the lower one at a point.</param>
internal readonly record struct GapInterval(double Z, double Low, double High, double LogUnit, double From, double To)
{
    // Below it a logarithm would lose its digits; nothing that a clock tells is as small.
    private const double Least = 1e-300;

    /// <summary>True when the gap is scored as an interval.</summary>
    public bool IsInterval => High > Low;

    /// <summary>True when the gap is exactly 0 and that has a probability of its own.</summary>
    public bool IsTie => To == 0;

    /// <summary>Variance of a uniform number as wide as the cell, in z; 0 for a point.</summary>
    public float Blur
    {
        get
        {
            // The first tick begins at 0, of which there is no logarithm.
            double width = !IsInterval ? 0 : double.IsNegativeInfinity(Low) ? 2 * (High - Z) : High - Low;
            return (float)(width * width * (1.0 / 12));
        }
    }

    /// <summary>Standardises a gap by a model's statistics.</summary>
    /// <param name="gap">Gap in time units, 0 or more. A gap of 0 among continuous times without ties counts as the model's
    /// floor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static GapInterval Of(double gap, ModelConfig config)
    {
        double floored = Math.Max(gap, config.GapFloor);
        if (config.Resolution == 0)
        {
            bool isTie = gap == 0 && config.Ties > 0;
            double at = gap > 0 ? Math.Max(gap, Least) : config.GapFloor;
            var both = VectorMath.Log(Vector512.Create(floored, at, 1, 1, 1, 1, 1, 1));
            return Point(both[0], both[1], isTie ? 0 : at, config);
        }
        (double from, double to) = ClockGrid.Cell(gap, config.Resolution);
        // One vector has all four logarithms, and they are our own: the score is kept with the row, and the row must not differ
        // between platforms.
        var logs = VectorMath.Log(Vector512.Create(floored, from == 0 ? 1 : from, to, to - from, 1, 1, 1, 1));
        double lowest = from == 0 ? double.NegativeInfinity : Standardise(logs[1], config), highest = Standardise(logs[2], config);
        // A tick so small beside the gap that both ends are one number: the density at it is all that can be told.
        return highest > lowest
            ? new GapInterval(Standardise(logs[0], config), lowest, highest, -logs[3], from, to)
            : Point(logs[0], logs[0], gap, config);
    }

    /// <summary>All gaps longer than a silence: scored, it gives the logarithm of their probability.</summary>
    /// <param name="silence">Time units, 0 or more.</param>
    public static GapInterval Beyond(double silence, ModelConfig config)
    {
        double z = silence > 0 ? Standardise(Math.Log(silence), config) : double.NegativeInfinity;
        return new GapInterval(z, z, double.PositiveInfinity, 0, silence, double.PositiveInfinity);
    }

    /// <summary>z of a gap, floored at the model's floor.</summary>
    public static double StandardiseFloored(double gap, ModelConfig config) =>
        Standardise(VectorMath.Log(Math.Max(gap, config.GapFloor)), config);

    private static GapInterval Point(double logFloored, double logTau, double tau, ModelConfig config)
    {
        double z = Standardise(logTau, config);
        return new GapInterval(Standardise(logFloored, config), z, z, -logTau - VectorMath.Log(config.LogGapDeviation), tau, tau);
    }

    private static double Standardise(double logTau, ModelConfig config) => (logTau - config.LogGapMean) / config.LogGapDeviation;
}
