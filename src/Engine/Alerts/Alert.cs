using Foretell.Engine.Events;

namespace Foretell.Engine.Alerts;

/// <summary>A stream is overdue: its forecast held so long a silence for less likely than the alert's threshold.</summary>
/// <remarks>Delivered at least once. <paramref name="Stream"/> and <paramref name="Events"/> name the silence: a second alert
/// with both equal repeats the first.</remarks>
/// <param name="Stream">Stream key.</param>
/// <param name="Events">Events that the stream has had: the silence is the one after that many.</param>
/// <param name="LastEventTicks">Time of the latest (<see cref="EventTime"/>).</param>
/// <param name="AtTicks">When the silence was found too long.</param>
/// <param name="LogSurvival">Log probability that nothing would have come by then, given that a next event comes at all, nats.</param>
/// <param name="Threshold">Survival probability below which a stream is overdue.</param>
public sealed record Alert(string Stream, long Events, long LastEventTicks, long AtTicks, double LogSurvival, double Threshold)
{
    /// <summary>Whether a shard may have raised it: its times are calendar times, its probabilities at most 1. Others come of damaged
    /// rows.</summary>
    public bool IsPossible => Events > 0 && EventTime.IsValid(LastEventTicks) && EventTime.IsValid(AtTicks)
        && LogSurvival <= 0 && Threshold is > 0 and <= 1;
}
