using Foretell.Models.Configuration;
using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>The predictive distribution of a gap, the one that scores, transforms, quantiles, survival, alerts and sampled paths all
/// go by.</summary>
/// <remarks>
/// A mixture of log-normals and its tail (<see cref="GapTail"/>); where times have ties, a gap of 0 has a probability of its own;
/// on a clock grid the probability of a tick is spread evenly over its cell (<see cref="ClockGrid.Cell"/>), so that no more is told
/// than the clock can. The density at a gap is its score. Time units throughout.
/// </remarks>
/// <param name="mixture">Over ln gap, of gaps above 0.</param>
/// <param name="tie">Probability of a gap of 0; 0 where that has none of its own.</param>
/// <param name="config">Resolution and floor.</param>
internal sealed class GapDistribution(NormalMixture mixture, double tie, ModelConfig config)
{
    /// <summary>The mixture over ln gap.</summary>
    public NormalMixture Mixture => mixture;

    /// <summary>Probability of a gap of 0.</summary>
    public double Tie => tie;

    /// <summary>Whether its parameters are numbers: those of every row are that a step has made.</summary>
    public bool IsFinite => !double.IsNaN(tie) && !Array.Exists(mixture.LogWeight, double.IsNaN)
        && Array.TrueForAll(mixture.Mean, double.IsFinite) && Array.TrueForAll(mixture.Deviation, x => x > 0 && double.IsFinite(x));

    /// <summary>Tick of the clock grid; 0 without one.</summary>
    public double Resolution => config.Resolution;

    /// <summary>The mixture's tail.</summary>
    public GapTail Tail { get; } = GapTail.Of(Location(mixture));

    /// <summary>What is left of the gap after a silence.</summary>
    /// <exception cref="ArgumentOutOfRangeException">silence is negative or not finite.</exception>
    public RemainingGap Given(double silence) => new(this, silence);

    /// <summary>Log density of a gap, nats per time unit; of a tie its log probability.</summary>
    public double LogDensity(double gap)
    {
        if (gap == 0 && tie > 0)
        {
            return Math.Log(tie);
        }
        double at = Resolution > 0 ? ClockGrid.Nearest(gap, Resolution) : gap > 0 ? gap : config.GapFloor;
        (double from, double to) = Resolution > 0 ? ClockGrid.Cell(gap, Resolution) : (at, at);
        LogSum sum = new();
        sum.Add(GapTail.LogRest + mixture.AsLogNormal().LogIntervalDensity(at, Resolution));
        sum.Add(GapTail.LogShare + Math.Log(Tail.Density(from, to)));
        return RealMath.Log1p(-tie) + sum.Value;
    }

    /// <summary>P(gap &lt; tau) and P(gap &lt;= tau or in its tick): the ends between which the gap's transform lies.</summary>
    public (double Below, double UpTo) Transform(double gap)
    {
        if (gap == 0 && tie > 0)
        {
            return (0, tie);
        }
        (double from, double to) = Resolution > 0 ? ClockGrid.Cell(gap, Resolution) : (gap, gap);
        return (Cdf(from), Cdf(to));
    }

    /// <summary>All that is scored of a gap.</summary>
    /// <param name="gap">The gap.</param>
    /// <param name="cell">Cell of the clock that it was recorded by; 0 where times are continuous.</param>
    /// <param name="remaining">What <see cref="Given"/> a silence of 0.</param>
    /// <param name="nodes">Points that stand for it (<see cref="RemainingGap.Nodes"/>).</param>
    public ScoredGap Score(double gap, double cell, RemainingGap remaining, ReadOnlySpan<(double Tau, double Weight)> nodes)
    {
        (double below, double upTo) = Transform(gap);
        return new ScoredGap(LogDensity(gap), below, upTo, Math.Abs(remaining.Quantile(0.5) - gap), Crps(gap, nodes), LogInCell(gap, cell));
    }

    /// <summary>ln P(gap &gt; tau), where that is not a gap of 0 still to come.</summary>
    public double LogSurvival(double tau) => tau > 0 ? Given(tau).LogSurvivalOfSilence : 0;

    private double LogInCell(double gap, double cell)
    {
        if (cell == 0 || cell == Resolution)
        {
            return LogDensity(gap);
        }
        (double from, double to) = ClockGrid.Cell(gap, cell);
        double below = from == 0 ? 0 : Cdf(from);
        return Math.Log(Math.Max(Cdf(to) - below, 1e-300) / (to - from));
    }

    /// <summary>E|X - gap| - E|X - X'| / 2 over points that stand for the distribution.</summary>
    private double Crps(double gap, ReadOnlySpan<(double Tau, double Weight)> nodes)
    {
        (double Tau, double Weight)[] sorted = nodes.ToArray();
        Array.Sort(sorted, (x, y) => x.Tau.CompareTo(y.Tau));
        double score = 0, weight = 0, sum = 0;
        foreach ((double tau, double share) in sorted)
        {
            double at = Math.Min(tau, config.GapCeiling);
            // Of all pairs each once, the smaller ones so far.
            score += share * (Math.Abs(at - gap) - (at * weight - sum));
            weight += share;
            sum += share * at;
        }
        return score;
    }

    /// <summary>P(gap &lt;= tau), tau a cell's edge or of continuous times.</summary>
    private double Cdf(double tau) =>
        tie + (1 - tie) * ((1 - GapTail.Share) * mixture.AsLogNormal().Cdf(tau) + GapTail.Share * (tau / (Tail.Scale + tau)));

    private static double Location(NormalMixture mixture)
    {
        double location = 0;
        for (int k = 0; k < mixture.Mean.Length; k++)
        {
            location += Math.Exp(mixture.LogWeight[k]) * mixture.Mean[k];
        }
        return location;
    }
}
