namespace Foretell.Engine.Log;

/// <summary>Oldest records that a log is to remove (<see cref="IEventLog.TrimAsync"/>).</summary>
/// <param name="Partition">The partition.</param>
/// <param name="UpTo">Last record that may go.</param>
/// <param name="Before">Only what was appended before this time goes (<see cref="Events.EventTime"/>).</param>
public readonly record struct LogTrim(int Partition, long UpTo, long Before);
