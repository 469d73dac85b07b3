using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>A mixture of normals, components sorted by mean. Over ln tau it is a <see cref="LogNormalMixture"/>.</summary>
/// <param name="LogWeight">Log weights; they log-sum to 0. Shape [k].</param>
/// <param name="Mean">Means, ascending. Shape [k].</param>
/// <param name="Deviation">Standard deviations, above 0. Shape [k].</param>
public sealed record NormalMixture(double[] LogWeight, double[] Mean, double[] Deviation)
{
    /// <summary>The mixture of offset + scale * x, x distributed by this one: turns a fit of z into one of ln tau.</summary>
    /// <param name="offset">Mean of ln tau where x is z.</param>
    /// <param name="scale">Standard deviation of ln tau where x is z; above 0.</param>
    public NormalMixture Rescale(double offset, double scale) => new(
        [.. LogWeight],
        Array.ConvertAll(Mean, mean => offset + scale * mean),
        Array.ConvertAll(Deviation, deviation => scale * deviation));

    /// <summary>This mixture of ln tau as a distribution of tau. A view.</summary>
    public LogNormalMixture AsLogNormal() => new(LogWeight, Mean, Deviation);

    /// <summary>ln of the density at x.</summary>
    public double LogDensity(double x)
    {
        LogSum sum = new();
        for (int k = 0; k < Mean.Length; k++)
        {
            sum.Add(LogWeight[k] + Normal.LogDensity((x - Mean[k]) / Deviation[k]), 1 / Deviation[k]);
        }
        return sum.Value;
    }
}
