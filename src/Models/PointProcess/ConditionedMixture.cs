namespace Foretell.Models;

/// <summary>
/// What is left of an inter-event time tau once a silence s has passed without an event: the distribution of t = tau - s
/// given tau &gt; s, with tau a <see cref="LogNormalMixture"/>. A copy; immutable and safe to share between threads.
/// </summary>
/// <remarks>
/// Everything is computed from ratios of survivals in log space, so it holds where P(tau &gt; s) is 1e-300 or far less, and
/// from ln(1 + t / s), so it holds where t is far below s.
/// </remarks>
public sealed class ConditionedMixture
{
    private readonly double[] logWeight, mu, sigma, startZ;
    private readonly double silence, logSilence;

    /// <summary>Conditions <paramref name="mixture"/> on a silence in its time unit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">silence is negative or not finite.</exception>
    public ConditionedMixture(LogNormalMixture mixture, double silence)
    {
        if (!(silence >= 0) || double.IsInfinity(silence))
            throw new ArgumentOutOfRangeException(nameof(silence), silence,
                $"A silence is a finite time of 0 or more, got {silence}.");
        this.silence = silence;
        logSilence = Math.Log(silence);
        mu = mixture.Mu.ToArray();
        sigma = mixture.Sigma.ToArray();
        logWeight = new double[mu.Length];
        startZ = new double[mu.Length];

        LogSum total = new();
        for (int k = 0; k < mu.Length; k++)
        {
            startZ[k] = (logSilence - mu[k]) / sigma[k];
            logWeight[k] = mixture.LogWeight[k] + (silence > 0 ? Normal.LogSurvival(startZ[k]) : 0);
            total.Add(logWeight[k]);
        }
        LogSurvivalOfSilence = Math.Min(0, total.Value);
        for (int k = 0; k < mu.Length; k++) logWeight[k] -= total.Value;
    }

    /// <summary>ln P(tau &gt; s): how surprising the silence itself was.</summary>
    public double LogSurvivalOfSilence { get; }

    /// <summary>The silence s.</summary>
    public double Silence => silence;

    /// <summary>Log probability, given the silence, that each component made this gap. Shape [k].</summary>
    public ReadOnlySpan<double> LogWeight => logWeight;

    /// <summary>P(t &gt; <paramref name="time"/>).</summary>
    public double Survival(double time) => Math.Exp(LogSurvival(time));

    /// <summary>ln P(t &gt; <paramref name="time"/>).</summary>
    public double LogSurvival(double time) => At(time).LogSurvival;

    /// <summary>P(t &lt;= <paramref name="horizon"/>): the event comes within the horizon.</summary>
    public double ProbabilityWithin(double horizon) => Math.Exp(At(horizon).LogCdf);

    /// <summary>ln of the density of t, per time unit.</summary>
    public double LogDensity(double time) => time > 0 ? At(time).LogDensity : double.NegativeInfinity;

    /// <summary>The t by which the event has come with probability <paramref name="p"/>; at most <see cref="double.MaxValue"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    public double Quantile(double p)
    {
        if (!(p > 0 && p < 1)) throw Normal.OutsideUnit(p);

        // The mixture's quantile lies between the least and the greatest of its components'.
        double low = double.PositiveInfinity, high = 0;
        for (int k = 0; k < mu.Length; k++)
        {
            if (double.IsNegativeInfinity(logWeight[k])) continue;
            double component = ComponentQuantile(k, p);
            low = Math.Min(low, component);
            high = Math.Max(high, component);
        }
        low = Math.Max(low, double.Epsilon);
        high = Math.Min(high, double.MaxValue);
        return low < high ? Math.Exp(Solve(p, Math.Log(low), Math.Log(high))) : high;
    }

    /// <summary>Mean of t, at most <see cref="double.MaxValue"/>; see the warning at <see cref="LogNormalMixture.Mean"/>.</summary>
    public double Mean()
    {
        double mean = 0;
        for (int k = 0; k < mu.Length; k++)
        {
            double weight = Math.Exp(logWeight[k]);
            if (weight > 0) mean += weight * MeanExcess(k, silence);
        }
        return Math.Min(mean, double.MaxValue);
    }

    /// <summary>Mean of min(t, limit): the mean forecast when no wait is counted beyond a limit.</summary>
    /// <param name="limit">Above 0. A multiple of the longest gap in training keeps tails that no data saw from deciding the mean.</param>
    public double RestrictedMean(double limit)
    {
        double mean = 0;
        for (int k = 0; k < mu.Length; k++)
        {
            double weight = Math.Exp(logWeight[k]);
            if (weight > 0) mean += weight * RestrictedMean(k, limit);
        }
        return mean;
    }

    /// <summary>Draws a t.</summary>
    public double Sample(RandomStream random) =>
        Math.Min(ComponentQuantile(Categorical.Draw(logWeight, random), random.NextDouble()), double.MaxValue);

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
        List<(double, double)> nodes = new(maxNodes);
        double total = 0;
        for (int k = 0; k < strata.Length; k++)
            if (strata[k] > 0) total += Math.Exp(logWeight[k]);
        for (int k = 0; k < strata.Length; k++)
        {
            for (int i = 0; i < strata[k]; i++)
            {
                double tau = silence + ComponentQuantile(k, (i + 0.5) / strata[k]);
                nodes.Add((Math.Min(tau, double.MaxValue), Math.Exp(logWeight[k]) / total / strata[k]));
            }
        }
        return [.. nodes];
    }

    /// <summary>Nodes for each component: the next one always goes to the component whose strata are the heaviest.</summary>
    private int[] Strata(int maxNodes)
    {
        int[] strata = new int[mu.Length];
        for (int node = 0; node < maxNodes; node++)
        {
            int heaviest = 0;
            double weight = -1;
            for (int k = 0; k < strata.Length; k++)
            {
                double share = Math.Exp(logWeight[k]) / (strata[k] + 1);
                if (share > weight) (heaviest, weight) = (k, share);
            }
            strata[heaviest]++;
        }
        return strata;
    }

    /// <summary>Newton on the log of the smaller side, in ln t, kept inside a bracket that shrinks around the root.</summary>
    private double Solve(double p, double low, double high)
    {
        bool upperHalf = p > 0.5;
        double target = upperHalf ? RealMath.Log1p(-p) : Math.Log(p);
        double x = (low + high) / 2;
        for (int i = 0; i < 200; i++)
        {
            var (logDensity, logSurvival, logCdf) = At(Math.Exp(x));
            double side = upperHalf ? logSurvival : logCdf;
            // Above 0 where x is too far left.
            double shortfall = upperHalf ? side - target : target - side;
            if (shortfall > 0) low = x; else high = x;

            double next = x + shortfall / Math.Exp(logDensity + x - side);
            // Between two components the curve is flat and Newton leaps; halving the bracket crosses the plain.
            if (!(next > low && next < high)) next = (low + high) / 2;
            if (Math.Abs(next - x) <= 1e-15 * (1 + Math.Abs(x))) return next;
            x = next;
        }
        return x;
    }

    private (double LogDensity, double LogSurvival, double LogCdf) At(double time)
    {
        if (!(time > 0)) return (double.NegativeInfinity, 0, double.NegativeInfinity);
        LogSum density = new(), survival = new(), cdf = new();
        double logTau = Math.Log(silence + time);
        for (int k = 0; k < mu.Length; k++)
        {
            if (double.IsNegativeInfinity(logWeight[k])) continue;
            double z, logRatio, logHazard;
            if (silence > 0)
            {
                double delta = RealMath.Log1p(time / silence) / sigma[k];
                if (double.IsInfinity(delta)) delta = (logTau - logSilence) / sigma[k];
                z = startZ[k] + delta;
                logRatio = Normal.LogSurvivalRatio(startZ[k], delta);
            }
            else
            {
                z = (logTau - mu[k]) / sigma[k];
                logRatio = Normal.LogSurvival(z);
            }
            logHazard = -MillsRatio.Log(z) - Math.Log(sigma[k]) - logTau;
            survival.Add(logWeight[k] + logRatio);
            density.Add(logWeight[k] + logRatio + logHazard);
            // Left of the middle the CDF has a tail of its own, which 1 - survival would round away.
            cdf.Add(logWeight[k] + (silence == 0 ? Normal.LogCdf(z) : RealMath.Log1mExp(logRatio)));
        }
        return (density.Value, Math.Min(0, survival.Value), Math.Min(0, cdf.Value));
    }

    /// <summary>The t by which component k's event has come with probability p, given the silence. May be infinite.</summary>
    private double ComponentQuantile(int k, double p) => silence > 0
        ? silence * RealMath.Expm1(sigma[k] * Normal.Excess(startZ[k], RealMath.Log1p(-p)))
        : Math.Exp(mu[k] + sigma[k] * Normal.Quantile(p));

    /// <summary>E[tau - from | tau > from] under component k.</summary>
    private double MeanExcess(int k, double from)
    {
        double s = sigma[k], z = (Math.Log(from) - mu[k]) / s;
        // For z above 0 the closed form collapses to a ratio of Mills ratios, E[tau | tau > from] = from R(z - s) / R(z),
        // and stays exact where the excess is a millionth of the silence.
        if (z - s > 1e5) return from * (s / (z - s));
        if (z >= s) return from * ((MillsRatio.Upper(z - s) - MillsRatio.Upper(z)) / MillsRatio.Upper(z));
        if (z >= 0) return from * RealMath.Expm1(MillsRatio.Log(z - s) - MillsRatio.Log(z));
        return Math.Exp(mu[k] + s * s / 2 + Normal.LogSurvival(z - s) - Normal.LogSurvival(z)) - from;
    }

    /// <summary>E[min(t, limit)] under component k.</summary>
    private double RestrictedMean(int k, double limit)
    {
        double s = sigma[k], end = (Math.Log(silence + limit) - mu[k]) / s;
        double logSurvival = silence > 0
            ? Normal.LogSurvivalRatio(startZ[k], RealMath.Log1p(limit / silence) / s)
            : Normal.LogSurvival(end);
        double survival = Math.Exp(logSurvival), whole = MeanExcess(k, silence), mean;
        if (whole <= 1e6 * limit)
        {
            mean = survival > 0 ? whole - survival * MeanExcess(k, silence + limit) : whole;
        }
        else
        {
            // The whole mean is all tail here; the part below the limit is an interval of the tilted normal.
            double logStart = silence > 0 ? Normal.LogSurvival(startZ[k]) : 0;
            double part = mu[k] + s * s / 2 - logStart + NormalInterval.Between(startZ[k] - s, end - s).LogProbability;
            mean = Math.Exp(part) + silence * RealMath.Expm1(logSurvival) + limit * survival;
        }
        return Math.Clamp(mean, limit * survival, limit);
    }
}
