using Foretell.Models.Gpu.Arithmetic;

namespace Foretell.Models.Gpu.Kernels;

/// <summary>The whole step as a sequence of phases: embedding, layers, last normalisation.</summary>
/// <remarks>
/// A number chooses the phase, so that a kernel and a plain loop run this one list. In a kernel all lanes of a group take the
/// same branch.
/// </remarks>
internal static class StepPhases
{
    /// <summary>Parts of a layer that a tile of rows runs in another way.</summary>
    public const int Fold = 3, AddAttended = 6, Widen = 10, AddInner = 11;

    private const int PerLayer = 12, Norm = 3, Attention = 7;

    /// <summary>Phases of a step.</summary>
    public static int Count(NetworkTable network) => 1 + network.Layers * PerLayer + Norm;

    /// <summary>Layer of a phase behind the first.</summary>
    public static int Layer(int phase) => (phase - 1) / PerLayer;

    /// <summary>Part of the layer.</summary>
    public static int Part(int phase) => (phase - 1) % PerLayer;

    /// <summary>One lane's part of one phase.</summary>
    public static void Run(RowStep step, int phase, int lane)
    {
        if (phase == 0)
        {
            Embed(step, lane);
            return;
        }
        int layer = Layer(phase), part = Part(phase);
        if (layer == step.Network.Layers)
        {
            RunLast(step, part, lane);
        }
        else if (part < Attention)
        {
            RunAttention(step, layer, part, lane);
        }
        else
        {
            RunFeedForward(step, layer, part, lane);
        }
    }

    /// <summary>Mark embedding + z x gap vector (or the first-event vector) + bias.</summary>
    private static void Embed(RowStep step, int lane)
    {
        int d = step.Network.Width;
        bool first = step.Event.IsFirst != 0;
        float known = Real.Add(step.Weights[step.Network.EmbedMark + step.Event.Mark * d + lane],
            step.Weights[step.Network.EmbedBias + lane]);
        float vector = step.Weights[step.Network.EmbedGap + (first ? d : 0) + lane];
        step.Work[step.X + lane] = Real.MultiplyAdd(first ? 1f : step.Event.Z, vector, known);
    }

    private static void RunAttention(RowStep step, int layer, int part, int lane)
    {
        bool linear = step.Network.IsLinear != 0;
        if (part < Norm)
        {
            RunNorm(step, step.Layers[layer].Norm1Gain, step.Layers[layer].Norm1Bias, part, lane);
        }
        else if (part == Fold && linear)
        {
            LinearPhases.Fold(step, layer, lane);
        }
        else if (part == Fold)
        {
            AarenPhases.Values(step, layer, lane);
            AarenPhases.Fold(step, layer, lane);
        }
        else if (part == 4 && linear)
        {
            LinearPhases.Average(step, layer, lane);
        }
        else if (part == 4)
        {
            AarenPhases.Average(step, layer, lane);
        }
        else if (part == 5 && linear)
        {
            LinearPhases.Read(step, layer, lane);
        }
        else if (part == AddAttended)
        {
            FeedForwardPhases.AddAttended(step, layer, lane);
        }
    }

    private static void RunFeedForward(RowStep step, int layer, int part, int lane)
    {
        if (part < Widen)
        {
            RunNorm(step, step.Layers[layer].Norm2Gain, step.Layers[layer].Norm2Bias, part - Attention, lane);
        }
        else if (part == Widen)
        {
            FeedForwardPhases.Widen(step, layer, lane);
        }
        else
        {
            FeedForwardPhases.AddInner(step, layer, lane);
        }
    }

    private static void RunNorm(RowStep step, int gain, int bias, int part, int lane)
    {
        if (part == 0)
        {
            NormPhases.Sum(step, lane);
        }
        else if (part == 1)
        {
            NormPhases.Square(step, lane);
        }
        else
        {
            step.Work[step.Hidden + lane] = NormPhases.Normal(step, gain, bias, lane);
        }
    }

    /// <summary>The last normalisation, which is the row's hidden vector.</summary>
    private static void RunLast(RowStep step, int part, int lane)
    {
        RunNorm(step, step.Network.NormGain, step.Network.NormBias, part, lane);
        if (part == Norm - 1)
        {
            step.Rows[step.State(step.Network.Layers) + lane] = step.Work[step.Hidden + lane];
        }
    }
}
