using Foretell.Models.Configuration;
using Foretell.Models.Numerics;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Scoring;

/// <summary>A forecast of the next gap and mark by counting. One object follows one stream.</summary>
internal abstract class SimpleMethod(ModelConfig config)
{
    /// <summary>Points that stand for a distribution.</summary>
    protected const int Nodes = 48;

    /// <summary>The model's configuration: floor, resolution, marks.</summary>
    protected ModelConfig Config => config;

    /// <summary>All that is scored of a gap.</summary>
    /// <param name="gap">The gap.</param>
    /// <param name="cell">Cell of the clock that it was recorded by; 0 where times are continuous.</param>
    public abstract ScoredGap Score(double gap, double cell);

    /// <summary>Log probability of a gap longer than tau.</summary>
    public abstract double LogSurvival(double tau);

    /// <summary>Probability of a mark after the one before it.</summary>
    public abstract double Mark(int previous, int mark);

    /// <summary>Takes a mark in.</summary>
    public virtual void SeeMark(int mark)
    {
    }

    /// <summary>Takes a gap in.</summary>
    public virtual void SeeGap(double gap)
    {
    }
}

/// <summary>Events at a constant rate, with marks by their frequency.</summary>
internal sealed class ExponentialMethod(ModelConfig config, Baselines baselines) : SimpleMethod(config)
{
    /// <inheritdoc/>
    public override ScoredGap Score(double gap, double cell)
    {
        double rate = baselines.Rate, log = baselines.LogExponential(gap), inCell = log;
        (double from, double to) = Config.Resolution > 0 ? ClockGrid.Cell(gap, Config.Resolution) : (gap, gap);
        if (cell > 0 && cell != Config.Resolution)
        {
            (double low, double high) = ClockGrid.Cell(gap, cell);
            inCell = Math.Log(Math.Max((low == 0 ? Cdf(high) : Cdf(high) - Cdf(low)) / (high - low), 1e-300));
        }
        // E|X - gap| - E|X - X'| / 2 in closed form; ties apart, of which an exponential knows nothing.
        double crps = gap + 2 * RealMath.Expm1(-rate * gap) / rate + 0.5 / rate;
        bool isTie = gap == 0 && Config.Ties > 0;
        return new ScoredGap(log, isTie ? 0 : Cdf(from), isTie ? Config.Ties : Cdf(to), Math.Abs(Math.Log(2) / rate - gap), crps, inCell);

        double Cdf(double tau) => Config.Ties - (1 - Config.Ties) * RealMath.Expm1(-rate * tau);
    }

    /// <inheritdoc/>
    public override double LogSurvival(double tau) => RealMath.Log1p(-Config.Ties) - baselines.Rate * tau;

    /// <inheritdoc/>
    public override double Mark(int previous, int mark) => baselines.Mark(-1, mark);
}

/// <summary>Gaps by a mixture of log-normals without history, marks by the one before.</summary>
internal sealed class MixtureMethod(ModelConfig config, Baselines baselines) : SimpleMethod(config)
{
    private readonly RemainingGap _remaining = baselines.GapDistribution.Given(0);
    private readonly (double Tau, double Weight)[] _nodes = baselines.GapDistribution.Given(0).Nodes(Nodes);

    /// <inheritdoc/>
    public override ScoredGap Score(double gap, double cell) => baselines.GapDistribution.Score(gap, cell, _remaining, _nodes);

    /// <inheritdoc/>
    public override double LogSurvival(double tau) => baselines.GapDistribution.LogSurvival(tau);

    /// <inheritdoc/>
    public override double Mark(int previous, int mark) => baselines.Mark(previous, mark);
}

/// <summary>A log-normal by the stream's latest gaps and marks by its own counts, both with the population as so many events in
/// front.</summary>
/// <remarks>A gap's weight falls by an eighth with each one after it: without that, bursts would not show.</remarks>
/// <param name="config">Gives the population's mean and deviation of ln gap.</param>
/// <param name="baselines">Gives the population's marks.</param>
/// <param name="gapPrior">Weight of the population's gaps, events; above 0.</param>
/// <param name="markPrior">Weight of the population's marks, events; above 0.</param>
internal sealed class RunningMethod(ModelConfig config, Baselines baselines, double gapPrior, double markPrior) : SimpleMethod(config)
{
    private const double Keep = 1 - 1.0 / 8;

    private readonly int[] _counts = new int[config.Marks.Count + 1];
    private double _weight, _sum, _squares, _gaps, _ties;
    private int _marks;

    private GapDistribution Next
    {
        get
        {
            // Both moments are taken about the population's mean, where squares lose no digits.
            double weight = gapPrior + _weight, mean = _sum / weight;
            double variance = (gapPrior * Config.LogGapDeviation * Config.LogGapDeviation + _squares) / weight - mean * mean;
            return new GapDistribution(new NormalMixture([0], [Config.LogGapMean + mean], [Math.Sqrt(variance)]),
                Config.Ties > 0 ? (_ties + gapPrior * Config.Ties) / (_gaps + gapPrior) : 0, Config);
        }
    }

    /// <summary>Bytes of what it keeps of a stream: weight, sum and sum of squares, gaps and ties where there are ties, and a count a
    /// mark.</summary>
    public static long Bytes(int marks, bool ties) => (ties ? 5 : 3) * sizeof(double) + (marks > 0 ? (marks + 1) * sizeof(int) : 0);

    /// <inheritdoc/>
    public override ScoredGap Score(double gap, double cell)
    {
        GapDistribution next = Next;
        RemainingGap remaining = next.Given(0);
        return next.Score(gap, cell, remaining, remaining.Nodes(Nodes));
    }

    /// <inheritdoc/>
    public override double LogSurvival(double tau) => Next.LogSurvival(tau);

    /// <inheritdoc/>
    public override double Mark(int previous, int mark) =>
        Config.Marks.Count == 0 ? 1 : (_counts[mark] + markPrior * baselines.Mark(-1, mark)) / (_marks + markPrior);

    /// <inheritdoc/>
    public override void SeeMark(int mark)
    {
        _counts[mark]++;
        _marks++;
    }

    /// <inheritdoc/>
    public override void SeeGap(double gap)
    {
        _gaps = Keep * _gaps + 1;
        _ties = Keep * _ties + (gap == 0 ? 1 : 0);
        if (gap == 0 && Config.Ties > 0)
        {
            return;
        }
        double x = Math.Log(Math.Max(gap, Config.GapFloor)) - Config.LogGapMean;
        _weight = Keep * _weight + 1;
        _sum = Keep * _sum + x;
        _squares = Keep * _squares + x * x;
    }
}
