using Foretell.Models.Gpu.Arithmetic;

namespace Foretell.Models.Gpu.Kernels;

/// <summary>Layer normalisation of the residual stream: (x - mean) / sqrt(variance + 1e-5) * gain + bias.</summary>
internal static class NormPhases
{
    private const float Epsilon = 1e-5f;

    /// <summary>First phase: 16 partial sums, as the CPU's vectors take them.</summary>
    public static void Sum(RowStep step, int lane)
    {
        if (lane >= Sums.Lanes)
        {
            return;
        }
        float sum = step.Work[step.X + lane];
        for (int j = lane + Sums.Lanes; j < step.Network.Width; j += Sums.Lanes)
        {
            sum = Real.Add(sum, step.Work[step.X + j]);
        }
        step.Work[step.Sums + lane] = sum;
    }

    /// <summary>Second phase: 16 partial sums of squares around the mean.</summary>
    public static void Square(RowStep step, int lane)
    {
        if (lane >= Sums.Lanes)
        {
            return;
        }
        float mean = Mean(step), squares = 0f;
        for (int j = lane; j < step.Network.Width; j += Sums.Lanes)
        {
            float centred = Real.Subtract(step.Work[step.X + j], mean);
            squares = Real.MultiplyAdd(centred, centred, squares);
        }
        step.Work[step.Squares + lane] = squares;
    }

    /// <summary>Third phase: the lane's element, normalised.</summary>
    public static float Normal(RowStep step, int gain, int bias, int lane)
    {
        float variance = Sums.OfLanes(step.Work, step.Squares) / step.Network.Width;
        float scale = 1f / MathF.Sqrt(Real.Add(variance, Epsilon));
        float normal = Real.Multiply(Real.Subtract(step.Work[step.X + lane], Mean(step)), scale);
        return Real.MultiplyAdd(normal, step.Weights[gain + lane], step.Weights[bias + lane]);
    }

    private static float Mean(RowStep step) => Sums.OfLanes(step.Work, step.Sums) / step.Network.Width;
}
