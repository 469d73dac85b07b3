using Foretell.Models.Numerics;

namespace Foretell.Models.PointProcess;

/// <summary>What is left of a gap once a silence s has passed without an event: the distribution of the wait t = gap - s. Immutable
/// and safe to share between threads.</summary>
/// <remarks>
/// A gap of 0 is among it only at a silence of 0. On a clock grid the distribution is conditioned at the lower edge of the silence's
/// cell, where spread and mixture agree, and the part of the cell that is over is taken off.
/// </remarks>
internal sealed class RemainingGap
{
    private readonly ConditionedMixture _base;
    private readonly double _tie, _resolution, _edge, _into, _left;

    /// <summary>Conditions a distribution on a silence in its time unit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">silence is negative or not finite.</exception>
    public RemainingGap(GapDistribution gap, double silence)
    {
        Silence = silence;
        _resolution = gap.Resolution;
        _tie = silence == 0 ? gap.Tie : 0;
        _edge = _resolution > 0 && double.IsFinite(silence) ? ClockGrid.Cell(silence, _resolution).From : silence;
        // Rounding may put a silence just before its cell.
        _into = Math.Max(0, silence - _edge);
        _base = new ConditionedMixture(gap.Mixture.AsLogNormal(), _edge, gap.Tail);
        _left = Spread(_into);
        LogSurvivalOfSilence = Math.Min(0, (silence > 0 ? RealMath.Log1p(-gap.Tie) : 0) + _base.LogSurvivalOfSilence + Math.Log(_left));
    }

    /// <summary>The silence s.</summary>
    public double Silence { get; }

    /// <summary>ln P(gap &gt; s): how surprising the silence itself was; 0 without a silence.</summary>
    public double LogSurvivalOfSilence { get; }

    /// <summary>P(t &lt;= horizon): the event comes within the horizon.</summary>
    public double ProbabilityWithin(double horizon)
    {
        if (!(horizon > 0))
        {
            return 0;
        }
        double within = _resolution == 0 ? _base.ProbabilityWithin(horizon) : (_left - Spread(_into + horizon)) / _left;
        return Math.Min(1, _tie + (1 - _tie) * within);
    }

    /// <summary>P(t &gt; time).</summary>
    public double Survival(double time) => 1 - ProbabilityWithin(time);

    /// <summary>The t by which the event has come with probability p; at most <see cref="double.MaxValue"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">p is not within (0, 1).</exception>
    public double Quantile(double p)
    {
        if (!(p > 0 && p < 1))
        {
            throw Normal.OutsideUnit(p);
        }
        if (p <= _tie)
        {
            return 0;
        }
        double share = (p - _tie) / (1 - _tie);
        if (_resolution == 0)
        {
            return _base.Quantile(share);
        }
        // Spread and mixture agree at the cells' edges, so both quantiles lie in the same cell.
        double left = (1 - share) * _left, over = Math.Max(1 - left, double.Epsilon);
        if (!(over < 1))
        {
            return double.MaxValue;
        }
        (double from, double to) = Edges(_base.Quantile(over));
        double high = _base.Survival(from), low = _base.Survival(to);
        double at = high > low ? from + (to - from) * Math.Clamp((high - left) / (high - low), 0, 1) : from;
        return Math.Clamp(at - _into, 0, double.MaxValue);
    }

    /// <summary>Mean of min(t, limit): the mean forecast when no wait is counted beyond a limit, which the far tail would rule.</summary>
    /// <param name="limit">Above 0.</param>
    public double RestrictedMean(double limit) => (1 - _tie) * (_resolution == 0 ? _base.RestrictedMean(limit) : MeanOfCells(limit));

    /// <summary>Draws a t.</summary>
    public double Sample(RandomStream random) => Quantile(Math.Clamp(random.NextDouble(), 1e-16, 1 - 1e-16));

    /// <summary>Points that stand for the whole distribution in an integral over the gap (<see cref="ConditionedMixture.Nodes"/>); on a
    /// clock grid they are ticks.</summary>
    /// <param name="maxNodes">At most so many nodes, 1 or more.</param>
    /// <returns>Whole gaps s + t and weights that sum to 1.</returns>
    public (double Tau, double Weight)[] Nodes(int maxNodes)
    {
        (double Tau, double Weight)[] nodes = _base.Nodes(maxNodes - (_tie > 0 ? 1 : 0));
        double total = 0, end = _edge + Width(0), past = _into / Width(0);
        for (int i = 0; i < nodes.Length; i++)
        {
            if (_resolution > 0)
            {
                // Of the silence's own cell only the part that is not over counts.
                nodes[i] = (ClockGrid.Nearest(nodes[i].Tau, _resolution),
                    nodes[i].Tau < end ? nodes[i].Weight * Math.Max(0, 1 - past) : nodes[i].Weight);
            }
            total += nodes[i].Weight;
        }
        if (!(total > 0))
        {
            return [(_edge + Width(0) / 2, 1)];
        }
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i].Weight *= (1 - _tie) / total;
        }
        return _tie > 0 ? [(0, _tie), .. nodes] : nodes;
    }

    /// <summary>P(gap &gt; edge + x | gap &gt; edge), each cell's probability spread evenly over it.</summary>
    private double Spread(double x)
    {
        if (_resolution == 0 || x == 0)
        {
            return 1;
        }
        (double from, double to) = Edges(x);
        double share = (x - from) / (to - from);
        return share < 1 ? (1 - share) * _base.Survival(from) + share * _base.Survival(to) : _base.Survival(x);
    }

    /// <summary>The cell around a time after the edge, measured from there.</summary>
    private (double From, double To) Edges(double x)
    {
        double width = Width(0);
        if (x < width)
        {
            return (0, width);
        }
        // The first cell of all is half as wide; from the second on they are equal.
        double cell = Math.Floor((x - width) / _resolution);
        return (width + cell * _resolution, width + (cell + 1) * _resolution);
    }

    private double Width(int cell) => cell == 0 && _edge == 0 ? _resolution / 2 : _resolution;

    /// <summary>The integral of the spread survival: exact over the first cells, where a spike may stand, and the mixture's own
    /// beyond.</summary>
    private double MeanOfCells(double limit)
    {
        const int Exact = 64;
        double mean = 0, from = _into;
        for (int cell = 0; cell < Exact && from < _into + limit; cell++)
        {
            double to = Math.Min(Edges(from).To, _into + limit);
            mean += (to - from) * (Spread(from) + Spread(to)) / 2;
            if (!(to > from))
            {
                break;
            }
            from = to;
        }
        if (from < _into + limit)
        {
            mean += _base.RestrictedMean(_into + limit) - _base.RestrictedMean(from);
        }
        return Math.Min(mean / _left, limit);
    }
}
