namespace Foretell.Models.PointProcess;

/// <summary>One component of a <see cref="ConditionedMixture"/>: a gap tau that is known to exceed a silence s, as the distribution of
/// t = tau - s.</summary>
internal abstract class ConditionedComponent
{
    /// <summary>ln P(tau &gt; s).</summary>
    public abstract double LogSurvivalOfSilence { get; }

    /// <summary>ln P(t &gt; time).</summary>
    public abstract double LogSurvival(double time);

    /// <summary>ln of the hazard of t, per time unit.</summary>
    public abstract double LogHazard(double time);

    /// <summary>P(t &gt; time), P(t &lt;= time) and the density of t times tau, each to its own last digits.</summary>
    public abstract (double Survival, double Cdf, double Slope) At(double time);

    /// <summary>The t by which the event has come with probability p. May be infinite.</summary>
    public abstract double Quantile(double p);

    /// <summary>E[t]. May be infinite.</summary>
    public abstract double Mean();

    /// <summary>E[min(t, limit)].</summary>
    public abstract double RestrictedMean(double limit);
}
