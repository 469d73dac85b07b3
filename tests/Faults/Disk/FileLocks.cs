namespace Foretell.Faults.Disk;

/// <summary>The locks of one file among the connections of one process: shared, reserved, pending and exclusive, as SQLite has
/// them.</summary>
internal sealed class FileLocks
{
    private int _shared;
    private OpenFile? _reserved, _pending;

    /// <summary>Whether a connection is about to write.</summary>
    public bool IsReserved => _reserved is not null;

    /// <summary>Raises a connection's lock.</summary>
    /// <returns>False when another connection is in the way.</returns>
    public bool Take(OpenFile file, int level)
    {
        if (file.LockLevel >= level)
        {
            return true;
        }
        if (_pending is not null && _pending != file)
        {
            return false;
        }
        if (level == SqliteCode.LockShared)
        {
            _shared++;
            file.LockLevel = level;
            return true;
        }
        if (_reserved is not null && _reserved != file)
        {
            return false;
        }
        _reserved = file;
        if (level == SqliteCode.LockReserved)
        {
            file.LockLevel = level;
            return true;
        }
        _pending = file;
        bool alone = _shared == 1;
        file.LockLevel = alone ? SqliteCode.LockExclusive : SqliteCode.LockPending;
        return alone;
    }

    /// <summary>Lowers a connection's lock to shared or none.</summary>
    public void Release(OpenFile file, int level)
    {
        if (file.LockLevel <= level)
        {
            return;
        }
        _reserved = _reserved == file ? null : _reserved;
        _pending = _pending == file ? null : _pending;
        if (level == SqliteCode.LockNone)
        {
            _shared--;
        }
        file.LockLevel = level;
    }
}
