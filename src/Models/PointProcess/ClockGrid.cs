namespace Foretell.Models.PointProcess;

/// <summary>Finds the tick of the clock that a data set's times were read from.</summary>
/// <remarks>
/// On a grid a density can be made as high as one likes by putting spikes on the ticks, so such data is scored by tick
/// intervals (<see cref="TickScore"/>). Times are often written with a few decimals of another unit (seconds as
/// 0.000277778 hours); the grid is seen through that rounding.
/// </remarks>
public static class ClockGrid
{
    private const double ShareOff = 0.001;

    /// <summary>Fewer gaps than this prove nothing: any few numbers share some tick.</summary>
    private const int FewestGaps = 20;

    /// <summary>
    /// Finest tick that matters, relative to the first-quartile gap and in standard deviations of ln gap: half the width
    /// of the narrowest component that a fit may have (<see cref="ExpectationMaximization"/>). Below it, for three gaps
    /// in four no spike can stand on a single tick. Taxi's seconds are 0.0039 of its first quartile and matter.
    /// </summary>
    private const double FinestShare = 0.001;

    /// <summary>The tick that is nearest to a gap; the gap itself without a grid.</summary>
    /// <param name="gap">0 or more.</param>
    /// <param name="resolution">Width of a tick in the unit of the gap, or 0.</param>
    internal static double Nearest(double gap, double resolution) =>
        resolution > 0 ? Math.Round(gap / resolution) * resolution : gap;

    /// <summary>The cell of the grid that a gap falls in: its tick, and half a tick to both sides. They tile the time axis.</summary>
    /// <param name="gap">0 or more.</param>
    /// <param name="resolution">Width of a tick, above 0, in the unit of the gap.</param>
    internal static (double From, double To) Cell(double gap, double resolution)
    {
        double tick = Math.Round(gap / resolution);
        return (Math.Max(0, (tick - 0.5) * resolution), (tick + 0.5) * resolution);
    }

    /// <summary>The tick in time units, or 0 where the times are as good as continuous.</summary>
    /// <param name="sequences">Event times in the time unit.</param>
    /// <param name="timeUnitSeconds">Seconds per time unit.</param>
    public static double Detect(IReadOnlyList<EventSequence> sequences, double timeUnitSeconds)
    {
        List<double> gaps = [];
        double largest = 0;
        foreach (double[] times in sequences.Select(sequence => sequence.Times))
        {
            for (int i = 0; i < times.Length; i++)
            {
                largest = Math.Max(largest, Math.Abs(times[i]));
                if (i > 0)
                {
                    gaps.Add(times[i] - times[i - 1]);
                }
            }
        }
        return Detect(gaps.ToArray(), timeUnitSeconds, largest);
    }

    /// <summary>The tick in time units on which at least 99.9% of the gaps sit, the coarsest there is; 0 where none matters.</summary>
    /// <param name="gaps">Gaps of 0 or more, in time units. Shape [n].</param>
    /// <param name="timeUnitSeconds">Seconds per time unit.</param>
    /// <param name="largestTime">Largest magnitude among the times whose differences the gaps are: their last bit is the gaps'
    /// noise.</param>
    public static double Detect(ReadOnlySpan<double> gaps, double timeUnitSeconds, double largestTime = 0)
    {
        double[] sorted = gaps.ToArray();
        Array.Sort(sorted);
        ReadOnlySpan<double> positive = sorted.AsSpan(sorted.Count(gap => !(gap > 0)));
        if (positive.Length < FewestGaps)
        {
            return 0;
        }

        double noise = 4 * Math.BitIncrement(Math.Max(largestTime, positive[^1])) - 4 * Math.Max(largestTime, positive[^1]);
        double finest = FinestShare * LogDeviation(positive) * positive[positive.Length / 4];
        double quantum = DecimalQuantum(positive, noise);
        foreach (double tick in Candidates(positive, timeUnitSeconds, quantum).OrderDescending())
        {
            if (tick >= finest && Fits(positive, tick, Tolerance(tick, quantum, noise)))
            {
                return tick;
            }
        }
        return 0;
    }

    private static double LogDeviation(ReadOnlySpan<double> positive)
    {
        double sum = 0, squares = 0, origin = Math.Log(positive[positive.Length / 2]);
        foreach (double gap in positive)
        {
            double log = Math.Log(gap) - origin;
            sum += log;
            squares += log * log;
        }
        double mean = sum / positive.Length;
        return Math.Sqrt(Math.Max(0, squares / positive.Length - mean * mean));
    }

    /// <summary>The power of ten, 1 to 1e-9, that the times were written to; 0 where they were not rounded to decimals.</summary>
    private static double DecimalQuantum(ReadOnlySpan<double> positive, double noise)
    {
        for (int digits = 0; digits <= 9; digits++)
        {
            if (Fits(positive, Math.Pow(10, -digits), noise))
            {
                return Math.Pow(10, -digits);
            }
        }
        return 0;
    }

    private static HashSet<double> Candidates(ReadOnlySpan<double> positive, double timeUnitSeconds, double quantum)
    {
        HashSet<double> candidates = [quantum];
        double[] calendar = Array.ConvertAll([86_400, 3_600, 60, 1, 1e-3], seconds => seconds / timeUnitSeconds);
        candidates.UnionWith(calendar);
        // The smallest gap may be one of the few that sit off the grid, so larger ones are asked too.
        foreach (double share in (ReadOnlySpan<double>)[0, 0.001, 0.01, 0.1])
        {
            double gap = positive[(int)(share * (positive.Length - 1))];
            for (int parts = 1; parts <= 12; parts++)
            {
                candidates.Add(Snap(Refine(positive, gap / parts), [.. calendar, quantum]));
            }
        }
        candidates.Remove(0);
        return candidates;
    }

    /// <summary>A rough tick made exact: total time over total ticks, first of short gaps, then of ever longer ones.</summary>
    private static double Refine(ReadOnlySpan<double> positive, double tick)
    {
        for (double limit = 10; limit <= 1e7; limit *= 10)
        {
            double time = 0, ticks = 0;
            foreach (double gap in positive)
            {
                if (gap > limit * tick)
                {
                    break;
                }
                time += gap;
                ticks += Math.Round(gap / tick);
            }
            if (ticks > 0)
            {
                tick = time / ticks;
            }
        }
        return tick;
    }

    /// <summary>The whole multiple of the first unit that a measured tick is meant to be; the tick itself where it is none.</summary>
    private static double Snap(double tick, ReadOnlySpan<double> units)
    {
        foreach (double unit in units)
        {
            double multiple = Math.Round(tick / unit);
            if (multiple >= 1 && Math.Abs(tick / unit - multiple) < 1e-6 * multiple)
            {
                return multiple * unit;
            }
        }
        return tick;
    }

    /// <summary>How far off its tick a gap may be: rounding to decimals moves it unless the tick is itself a whole number of
    /// them.</summary>
    private static double Tolerance(double tick, double quantum, double noise)
    {
        if (quantum == 0)
        {
            return noise;
        }
        double multiple = tick / quantum;
        return Math.Abs(multiple - Math.Round(multiple)) < 1e-6 ? noise : noise + quantum;
    }

    private static bool Fits(ReadOnlySpan<double> positive, double tick, double tolerance)
    {
        // With a tolerance near the tick's own size everything would fit.
        if (tolerance > 0.02 * tick)
        {
            return false;
        }
        int misses = 0, allowed = (int)(ShareOff * positive.Length);
        foreach (double gap in positive)
        {
            if (Math.Abs(gap - Math.Round(gap / tick) * tick) > tolerance && ++misses > allowed)
            {
                return false;
            }
        }
        return true;
    }
}
