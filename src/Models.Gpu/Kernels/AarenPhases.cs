using Foretell.Models.Gpu.Arithmetic;

namespace Foretell.Models.Gpu.Kernels;

/// <summary>Aaren's step on one row: a running softmax of a constant query.</summary>
/// <remarks>State of a layer: average [d], log-mass leading part [H], trailing part [H].</remarks>
internal static class AarenPhases
{
    /// <summary>First phase: the values.</summary>
    public static void Values(RowStep step, int layer, int lane)
    {
        LayerTable at = step.Layers[layer];
        step.Work[step.Inner + lane] = step.Project(at.ValueWeight, at.ValueBias, step.Network.Width, lane);
    }

    /// <summary>First phase, too: the heads' log-masses with the event's gates.</summary>
    public static void Fold(RowStep step, int layer, int lane)
    {
        int d = step.Network.Width;
        LayerTable at = step.Layers[layer];
        if (lane < step.Network.Heads)
        {
            long mass = step.State(layer) + d + lane;
            float score = step.Project(at.ScoreWeight, at.ScoreBias, Sums.Lanes, lane);
            LogMass folded = LogMass.Fold(step.Rows[mass], step.Rows[mass + step.Network.Heads], score, step.Fade(layer, lane));
            step.Rows[mass] = folded.High;
            step.Rows[mass + step.Network.Heads] = folded.Low;
            step.Work[step.Inner + d + lane] = folded.Gate;
            step.Work[step.Attended + d + lane] = folded.Value;
        }
    }

    /// <summary>Second phase: the averages.</summary>
    public static void Average(RowStep step, int layer, int lane)
    {
        int d = step.Network.Width;
        long element = step.State(layer) + lane;
        float value = step.Work[step.Inner + lane], gate = step.Work[step.Inner + d + lane / step.Network.HeadWidth];
        float average = DitheredAverage.Move(step.Rows[element], value, gate, step.Event.Ordinal, (uint)(layer * d + lane));
        step.Rows[element] = average;
        step.Work[step.Attended + lane] = average;
    }
}
