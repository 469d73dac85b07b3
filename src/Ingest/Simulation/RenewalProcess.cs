namespace Foretell.Ingest.Simulation;

/// <summary>Independent gaps from a mixture of log-normals: short ones within a visit, long ones between visits.</summary>
/// <param name="weights">Weights of the components; they sum to 1.</param>
/// <param name="mu">Means of ln(gap in seconds).</param>
/// <param name="sigma">Standard deviations of ln(gap).</param>
internal sealed class RenewalProcess(double[] weights, double[] mu, double[] sigma) : GapProcess
{
    private const double HalfLogTwoPi = 0.91893853320467274178;

    /// <inheritdoc/>
    public override double Sample(ref SplitMix64 random)
    {
        int component = random.NextIndex(weights);
        return PortableMath.Exp(mu[component] + sigma[component] * random.NextNormal());
    }

    /// <inheritdoc/>
    public override double LogDensity(double gap)
    {
        double logGap = PortableMath.Log(gap);
        double highest = double.NegativeInfinity;
        for (int k = 0; k < weights.Length; k++)
        {
            highest = Math.Max(highest, LogTerm(k, logGap));
        }
        double sum = 0;
        for (int k = 0; k < weights.Length; k++)
        {
            sum += PortableMath.Exp(LogTerm(k, logGap) - highest);
        }
        return highest + PortableMath.Log(sum) - logGap;
    }

    /// <inheritdoc/>
    public override void Advance(double gap)
    {
        // A renewal process has no memory of its past gaps.
    }

    /// <summary>Log density of ln gap under one component, times its weight.</summary>
    internal double LogTerm(int k, double logGap)
    {
        double z = (logGap - mu[k]) / sigma[k];
        return PortableMath.Log(weights[k] / sigma[k]) - HalfLogTwoPi - z * z / 2;
    }
}
