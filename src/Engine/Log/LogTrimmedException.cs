namespace Foretell.Engine.Log;

/// <summary>A record is asked for that the log had, and that retention has removed.</summary>
/// <param name="partition">The partition.</param>
/// <param name="sequence">The record.</param>
/// <param name="trimmed">Last record that was removed.</param>
public sealed class LogTrimmedException(int partition, long sequence, long trimmed) : Exception(
    $"Record {sequence} of partition {partition} is not in the log any more: it was trimmed up to record {trimmed}, as its retention says. "
    + "What the records made is in the store; read the log behind what the store reflects.");
