namespace Foretell.Faults.Disk;

/// <summary>SQLite's numbers that a file system of its own needs (sqlite3.h).</summary>
internal static class SqliteCode
{
    public const int Ok = 0, Busy = 5, IoError = 10, NotFound = 12, Full = 13, CannotOpen = 14;

    public const int IoErrorRead = IoError | 1 << 8, IoErrorShortRead = IoError | 2 << 8, IoErrorWrite = IoError | 3 << 8,
        IoErrorSync = IoError | 4 << 8, IoErrorTruncate = IoError | 6 << 8, IoErrorSize = IoError | 7 << 8,
        IoErrorDelete = IoError | 10 << 8, IoErrorAccess = IoError | 13 << 8, IoErrorLock = IoError | 15 << 8,
        IoErrorSharedMemory = IoError | 21 << 8, IoErrorDeleteNoEntry = IoError | 23 << 8;

    public const int OpenReadWrite = 2, OpenCreate = 4, OpenDeleteOnClose = 8, OpenMainDatabase = 0x100,
        OpenMainJournal = 0x800, OpenSuperJournal = 0x4000, OpenWriteAheadLog = 0x80000;

    public const int LockNone = 0, LockShared = 1, LockReserved = 2, LockPending = 3, LockExclusive = 4;

    public const int SharedUnlock = 1, SharedLock = 2, SharedShared = 4, SharedExclusive = 8;

    public const int ConfigSingleThread = 1, ConfigPageCache = 7, ConfigMemoryStatus = 9;

    /// <summary>A write never damages bytes beside it, as SQLite's own file systems say by default.</summary>
    public const int PowersafeOverwrite = 0x1000;
}
