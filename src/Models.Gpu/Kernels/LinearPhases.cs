using Foretell.Models.Gpu.Arithmetic;

namespace Foretell.Models.Gpu.Kernels;

/// <summary>Linear attention's step on one row: Aaren's step for each of d features, then the averages weighted by the query.</summary>
/// <remarks>
/// State of a layer: averages [d, d / H], log-mass of each feature leading part [d], trailing part [d].
/// In <see cref="RowStep.Inner"/> lie values, gates, logarithms of the features' shares, and the shares before they sum to 1.
/// </remarks>
internal static class LinearPhases
{
    /// <summary>First phase: projections, and each feature's log-mass with the event's gate and the query's logarithmic share.</summary>
    public static void Fold(RowStep step, int layer, int lane)
    {
        int d = step.Network.Width, headWidth = step.Network.HeadWidth;
        LayerTable at = step.Layers[layer];
        float logQuery = LogFeature(step.Project(at.QueryWeight, at.QueryBias, d, lane));
        float logKey = LogFeature(step.Project(at.KeyWeight, at.KeyBias, d, lane));
        step.Work[step.Inner + lane] = step.Project(at.ValueWeight, at.ValueBias, d, lane);
        long mass = step.State(layer) + (long)d * headWidth + lane;
        LogMass folded = LogMass.Fold(step.Rows[mass], step.Rows[mass + d], logKey, step.Fade(layer, lane / headWidth));
        step.Rows[mass] = folded.High;
        step.Rows[mass + d] = folded.Low;
        step.Work[step.Inner + d + lane] = folded.Gate;
        step.Work[step.Inner + 2 * d + lane] = Real.Add(logQuery, folded.Value);
    }

    /// <summary>Second phase: the averages, d of them at a time, and the features' shares.</summary>
    public static void Average(RowStep step, int layer, int lane)
    {
        int d = step.Network.Width, headWidth = step.Network.HeadWidth;
        long state = step.State(layer);
        uint first = (uint)(layer * d * headWidth);
        for (int element = lane; element < d * headWidth; element += d)
        {
            int feature = element / headWidth, column = element % headWidth;
            float value = step.Work[step.Inner + feature / headWidth * headWidth + column];
            step.Rows[state + element] = DitheredAverage.Move(step.Rows[state + element], value, step.Work[step.Inner + d + feature],
                step.Event.Ordinal, first + (uint)element);
        }
        float largest = Largest(step, lane / headWidth);
        step.Work[step.Inner + 3 * d + lane] = Elementary.Weight(Real.Subtract(step.Work[step.Inner + 2 * d + lane], largest));
    }

    /// <summary>Third phase: what the query reads, and the heads' log-masses.</summary>
    public static void Read(RowStep step, int layer, int lane)
    {
        int d = step.Network.Width, headWidth = step.Network.HeadWidth, start = lane / headWidth * headWidth;
        long column = step.State(layer) + lane % headWidth;
        int shares = step.Inner + 3 * d;
        float inverse = 1f / Total(step, start), value = 0f;
        for (int feature = start; feature < start + headWidth; feature++)
        {
            float share = Real.Multiply(step.Work[shares + feature], inverse);
            value = Real.MultiplyAdd(share, step.Rows[column + (long)feature * headWidth], value);
        }
        step.Work[step.Attended + lane] = value;
        if (lane < step.Network.Heads)
        {
            float logTotal = Elementary.Log(Total(step, lane * headWidth));
            step.Work[step.Attended + d + lane] = Real.Add(Largest(step, lane), logTotal);
        }
    }

    /// <summary>ln phi(x) with phi = elu + 1.</summary>
    private static float LogFeature(float x) => x > 0f ? Elementary.Log(Real.Add(1f, x)) : x;

    /// <summary>Largest logarithm of a share in a head.</summary>
    private static float Largest(RowStep step, int head)
    {
        int headWidth = step.Network.HeadWidth, logs = step.Inner + 2 * step.Network.Width + head * headWidth;
        float largest = step.Work[logs];
        for (int i = 1; i < headWidth; i++)
        {
            float log = step.Work[logs + i];
            largest = log > largest ? log : largest;
        }
        return largest;
    }

    /// <summary>Sum of a head's shares, by 16 lanes as the CPU takes it: a pair of lanes at a time, in the order of
    /// <see cref="Sums.OfLanes"/>.</summary>
    /// <param name="start">First feature of the head.</param>
    private static float Total(RowStep step, int start)
    {
        float even = Real.Add(Quarter(step, start, 0), Quarter(step, start, 2));
        float odd = Real.Add(Quarter(step, start, 1), Quarter(step, start, 3));
        return Real.Add(even, odd);
    }

    private static float Quarter(RowStep step, int start, int lane) => Real.Add(
        Real.Add(Lane(step, start, lane), Lane(step, start, lane + 8)),
        Real.Add(Lane(step, start, lane + 4), Lane(step, start, lane + 12)));

    /// <summary>Every sixteenth share of a head; 0 in a lane past its end.</summary>
    private static float Lane(RowStep step, int start, int lane)
    {
        int shares = step.Inner + 3 * step.Network.Width + start;
        float sum = 0f;
        for (int i = lane; i < step.Network.HeadWidth; i += Sums.Lanes)
        {
            sum = Real.Add(sum, step.Work[shares + i]);
        }
        return sum;
    }
}
