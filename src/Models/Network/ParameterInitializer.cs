using Foretell.Models.Layers;
using Foretell.Models.Numerics;

namespace Foretell.Models.Network;

/// <summary>First values of the parameter vector.</summary>
internal static class ParameterInitializer
{
    /// <summary>Fills the vector; padding stays 0.</summary>
    /// <param name="slowest">Slowest time decay that matters: one over a typical stream's whole span.</param>
    /// <param name="fastest">Fastest: one over a short gap.</param>
    public static void Fill(Span<float> weights, ParameterLayout layout, int seed, double slowest, double fastest)
    {
        weights.Clear();
        for (int index = 0; index < layout.All.Count; index++)
        {
            Parameter p = layout.All[index];
            var random = new RandomStream(seed, index);
            for (int row = 0; row < p.Rows; row++)
            {
                Span<float> values = weights.Slice(p.Offset + row * p.Stride, p.Columns);
                for (int i = 0; i < values.Length; i++)
                {
                    double share = values.Length == 1 ? 0.5 : i / (double)(values.Length - 1);
                    values[i] = (float)(p.Initial.Kind switch
                    {
                        InitializerKind.Normal => random.NextNormal() * p.Initial.Scale,
                        InitializerKind.Linear => (2 * random.NextDouble() - 1) * p.Initial.Scale / Math.Sqrt(p.Rows),
                        InitializerKind.TimeDecay => Math.Log(slowest) + share * Math.Log(fastest / slowest),
                        InitializerKind.EventDecay => Math.Log(0.01) + share * Math.Log(0.7 / 0.01),
                        _ => p.Initial.Scale,
                    });
                }
            }
        }
    }
}
