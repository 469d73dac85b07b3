namespace Foretell.Models.PointProcess;

/// <content>Quadrature over what is left of the gap.</content>
public sealed partial class ConditionedMixture
{
    /// <summary>
    /// Points that stand for the whole distribution in an integral over the gap: each component's share is cut into
    /// strata of equal probability and each stratum is represented by its middle quantile.
    /// </summary>
    /// <param name="maxNodes">At most so many nodes, 1 or more.</param>
    /// <returns>Whole gaps tau = s + t and weights that sum to 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">maxNodes is below 1.</exception>
    public (double Tau, double Weight)[] Nodes(int maxNodes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxNodes, 1);
        int[] strata = Strata(maxNodes);
        double total = 0;
        for (int k = 0; k < strata.Length; k++)
        {
            if (strata[k] > 0)
            {
                total += _weight[k];
            }
        }
        var nodes = new (double, double)[maxNodes];
        int node = 0;
        for (int k = 0; k < strata.Length; k++)
        {
            for (int i = 0; i < strata[k]; i++)
            {
                double tau = Silence + _components[k].Quantile((i + 0.5) / strata[k]);
                nodes[node++] = (Math.Min(tau, double.MaxValue), _weight[k] / total / strata[k]);
            }
        }
        return nodes;
    }

    /// <summary>Nodes for each component: the next one always goes where a stratum would be the heaviest.</summary>
    private int[] Strata(int maxNodes)
    {
        int[] strata = new int[_weight.Length];
        for (int node = 0; node < maxNodes; node++)
        {
            int heaviest = 0;
            for (int k = 1; k < strata.Length; k++)
            {
                if (_weight[k] / (strata[k] + 1) > _weight[heaviest] / (strata[heaviest] + 1))
                {
                    heaviest = k;
                }
            }
            strata[heaviest]++;
        }
        return strata;
    }
}
