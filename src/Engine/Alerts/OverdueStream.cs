namespace Foretell.Engine.Alerts;

/// <summary>A stream that has been silent for unusually long.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="LastEventTicks">Time of its latest event.</param>
/// <param name="SilenceSeconds">Seconds since then.</param>
/// <param name="LogSurvival">Log probability that nothing would have come by now, given that a next event comes at all, nats.</param>
public sealed record OverdueStream(string Stream, long LastEventTicks, double SilenceSeconds, double LogSurvival);
