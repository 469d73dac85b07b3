using Foretell.Models.PointProcess;

namespace Foretell.Models.Horizons;

/// <summary>How far forecasts of a horizon look, and how they are compared. All of it follows from the training sequences.</summary>
/// <param name="Horizon">Length of a horizon, time units.</param>
/// <param name="Delta">Time that a prediction may be off, time units.</param>
/// <param name="Cost">Cost of inserting or deleting an event, time units.</param>
/// <param name="Step">Events between two moments of forecasting.</param>
public sealed record HorizonSetting(double Horizon, double Delta, double Cost, int Step)
{
    /// <summary>Events that a horizon has in the mean.</summary>
    public const int MeanEvents = 5;

    /// <summary>Paths that a model draws of each horizon.</summary>
    public const int Paths = 128;

    private const int MomentsPerStream = 10;

    /// <summary>A horizon of five mean gaps, a delta of a fifth of it and a cost of half of that: the ratios that HoTPP has for
    /// StackOverflow. A stream of mean length is asked about ten times.</summary>
    /// <exception cref="ArgumentException">No sequence has a gap above 0.</exception>
    public static HorizonSetting Of(IReadOnlyList<EventSequence> train)
    {
        EventSequence[] told = [.. train.Where(s => s.Times.Length > 1)];
        double gap = told.Sum(s => s.Times[^1] - s.Times[0]) / Math.Max(1, told.Sum(s => s.Times.Length - 1.0));
        if (!(gap > 0))
        {
            throw new ArgumentException("A horizon is five mean gaps of the training set, and no sequence has a gap above 0.",
                nameof(train));
        }
        int step = (int)Math.Round(told.Average(s => (double)s.Times.Length) / MomentsPerStream);
        return new HorizonSetting(MeanEvents * gap, gap, gap / 2, Math.Max(1, step));
    }

    /// <summary>Indices of the events after which a sequence is asked about: every <see cref="Step"/>-th, the first aside, as long as the
    /// whole horizon was watched.</summary>
    internal IEnumerable<int> Moments(EventSequence sequence)
    {
        double end = sequence.Times.Length == 0 ? 0 : sequence.Until ?? sequence.Times[^1];
        for (int i = Step; i < sequence.Times.Length && sequence.Times[i] + Horizon <= end; i += Step)
        {
            yield return i;
        }
    }
}
