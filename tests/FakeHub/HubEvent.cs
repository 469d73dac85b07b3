namespace Foretell.FakeHub;

/// <summary>An event as a partition holds it.</summary>
/// <param name="SequenceNumber">Its number within the partition.</param>
/// <param name="Offset">Its offset, as receivers get it.</param>
/// <param name="EnqueuedTime">When it was appended, to the millisecond.</param>
/// <param name="PartitionKey">The key that it was sent with, or null.</param>
/// <param name="Message">What the sender made.</param>
public sealed record HubEvent(long SequenceNumber, string Offset, DateTimeOffset EnqueuedTime, string? PartitionKey, HubMessage Message);
