namespace Foretell.FakeHub.Log;

/// <summary>What a partition says about itself, all of one moment.</summary>
/// <param name="Beginning">Number of the first event, or of the one behind the last.</param>
/// <param name="Last">Number of the last event that it ever got, -1 without.</param>
/// <param name="LastOffset">That event's offset, "-1" without.</param>
/// <param name="LastTime">That event's time, milliseconds since 1970; 0 without.</param>
internal readonly record struct PartitionState(int Count, long Beginning, long Last, string LastOffset, long LastTime);
