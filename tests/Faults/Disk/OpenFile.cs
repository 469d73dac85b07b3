namespace Foretell.Faults.Disk;

/// <summary>One connection's handle of a file.</summary>
internal sealed class OpenFile(SimulatedDisk disk, SimulatedFile file, DiskProcess process, bool isTemporary, bool deleteOnClose)
{
    /// <summary>The disk.</summary>
    public SimulatedDisk Disk => disk;

    /// <summary>The file.</summary>
    public SimulatedFile File => file;

    /// <summary>Whose handle it is.</summary>
    public DiskProcess Process => process;

    /// <summary>A file without a name, which nothing of the product depends on: it has no faults.</summary>
    public bool IsTemporary => isTemporary;

    /// <summary>Goes with its handle.</summary>
    public bool DeleteOnClose => deleteOnClose;

    /// <summary>Whether its next sync makes the names in its folder durable, too, as that of a new journal of SQLite's does.</summary>
    public bool SyncsFolder { get; set; }

    /// <summary>SQLite's lock level.</summary>
    public int LockLevel { get; set; }

    /// <summary>The locks of its process on the file.</summary>
    public FileLocks Locks { get; } = file.Locks;

    /// <summary>The shared memory that it mapped, or null.</summary>
    public SharedMemory? Memory { get; set; }

    /// <summary>Shared locks of the shared memory that it holds, one bit each.</summary>
    public int SharedLocks { get; set; }
}

/// <summary>A process that uses the disk. From its end on nothing that its code still does reaches the disk.</summary>
internal sealed class DiskProcess
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether it was killed.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Completes when it is killed.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Kills it.</summary>
    public void End()
    {
        IsDead = true;
        _ended.TrySetResult();
    }
}
