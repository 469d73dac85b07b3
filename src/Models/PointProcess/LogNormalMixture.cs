using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>
/// A mixture of log-normals over an inter-event time tau: ln tau is normal with mean mu_k and deviation sigma_k with
/// probability w_k. A view over the caller's numbers; nothing is copied.
/// </summary>
/// <remarks>Times are in any unit, the unit of exp(mu). Double precision throughout; scoring allocates nothing.
/// Source: Shchur, Bilos, Guennemann, Intensity-Free Learning of Temporal Point Processes, ICLR 2020.</remarks>
public readonly ref struct LogNormalMixture
{
    /// <summary>Log weights; they log-sum to 0. Shape [k].</summary>
    public ReadOnlySpan<double> LogWeight { get; }

    /// <summary>Means of ln tau. Shape [k].</summary>
    public ReadOnlySpan<double> Mu { get; }

    /// <summary>Standard deviations of ln tau, above 0. Shape [k].</summary>
    public ReadOnlySpan<double> Sigma { get; }

    /// <summary>A view over k components.</summary>
    /// <exception cref="ArgumentException">The lengths differ or are 0.</exception>
    public LogNormalMixture(ReadOnlySpan<double> logWeight, ReadOnlySpan<double> mu, ReadOnlySpan<double> sigma)
    {
        if (logWeight.Length == 0 || logWeight.Length != mu.Length || logWeight.Length != sigma.Length)
        {
            throw new ArgumentException(
                $"A mixture needs one log weight, mu and sigma per component, got {logWeight.Length}, {mu.Length} and {sigma.Length}.");
        }
        LogWeight = logWeight;
        Mu = mu;
        Sigma = sigma;
    }

    /// <summary>Number of components k.</summary>
    public int Components => Mu.Length;

    /// <summary>ln of the density per time unit; negative infinity at tau of 0 and below.</summary>
    public double LogDensity(double tau)
    {
        if (!(tau > 0))
        {
            return double.NegativeInfinity;
        }
        double logTau = Math.Log(tau);
        LogSum sum = new();
        for (int k = 0; k < Components; k++)
        {
            sum.Add(LogWeight[k] + Normal.LogDensity((logTau - Mu[k]) / Sigma[k]), 1 / Sigma[k]);
        }
        return sum.Value - logTau;
    }

    /// <summary>P(the next event has come by tau).</summary>
    public double Cdf(double tau)
    {
        if (!(tau > 0))
        {
            return 0;
        }
        double logTau = Math.Log(tau), sum = 0;
        for (int k = 0; k < Components; k++)
        {
            sum += Math.Exp(LogWeight[k]) * Normal.Cdf((logTau - Mu[k]) / Sigma[k]);
        }
        return Math.Min(1, sum);
    }

    /// <summary>P(the next event has not come by tau).</summary>
    public double Survival(double tau) => Math.Min(1, Math.Exp(LogSurvival(tau)));

    /// <summary>ln <see cref="Survival"/>; finite where that underflows.</summary>
    public double LogSurvival(double tau)
    {
        if (!(tau > 0))
        {
            return 0;
        }
        double logTau = Math.Log(tau);
        LogSum sum = new();
        for (int k = 0; k < Components; k++)
        {
            sum.Add(LogWeight[k] + Normal.LogSurvival((logTau - Mu[k]) / Sigma[k]));
        }
        return Math.Min(0, sum.Value);
    }

    /// <summary>Mean of tau, at most <see cref="double.MaxValue"/>.</summary>
    /// <remarks>exp(mu + sigma^2 / 2) is real mathematics but poor statistics once sigma is large: a tail that no data
    /// saw then decides it. Prefer the median, or <see cref="ConditionedMixture.RestrictedMean"/>.</remarks>
    public double Mean()
    {
        LogSum sum = new();
        for (int k = 0; k < Components; k++)
        {
            sum.Add(LogWeight[k] + Mu[k] + Sigma[k] * Sigma[k] / 2);
        }
        return Math.Min(Math.Exp(sum.Value), double.MaxValue);
    }

    /// <summary>The tau by which the event has come with probability <paramref name="p"/>. Allocates; see <see cref="Given"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    public double Quantile(double p) => Given(0).Quantile(p);

    /// <summary>The distribution of what is left of tau once <paramref name="silence"/> has passed without an event.</summary>
    /// <exception cref="ArgumentOutOfRangeException">silence is negative or not finite.</exception>
    public ConditionedMixture Given(double silence) => new(this, silence);

    /// <summary>Draws a tau.</summary>
    public double Sample(RandomStream random)
    {
        int k = Categorical.Draw(LogWeight, random);
        return Math.Min(Math.Exp(Mu[k] + Sigma[k] * random.NextNormal()), double.MaxValue);
    }
}
