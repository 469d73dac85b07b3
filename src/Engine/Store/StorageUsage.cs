namespace Foretell.Engine.Store;

/// <summary>What a storage takes, and what there is for it.</summary>
/// <param name="Bytes">Bytes of events, rows and alerts, with whatever the storage keeps beside them.</param>
/// <param name="DiskFreeBytes">Bytes that its disk has left for this process; null where the storage does not tell.</param>
/// <param name="DiskBytes">Bytes of its disk; null where the storage does not tell.</param>
public sealed record StorageUsage(long Bytes, long? DiskFreeBytes = null, long? DiskBytes = null);
