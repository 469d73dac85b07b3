namespace Foretell.Models.Activities;

/// <summary>What is said of a case after one of its events.</summary>
/// <param name="Next">Probability of each activity to come next, and behind them that the case is over. Shape [m + 1]; null where nothing
/// is said of it.</param>
/// <param name="Gap">Time to the next event, given that one comes, time units; null where nothing is said of it.</param>
/// <param name="Remaining">Time to the last event of the case, 0 where it is over, time units; null where nothing is said of it.</param>
internal readonly record struct ActivityForecast(double[]? Next, double? Gap, double? Remaining)
{
    /// <summary>Probability that the case is over; null where nothing is said of it.</summary>
    public double? Over => Next?[^1];
}
