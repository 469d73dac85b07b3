namespace Foretell.Faults.Disk;

/// <summary>What can go wrong, by the name that the table of drawn faults shows.</summary>
internal enum FaultKind
{
    /// <summary>A file cannot be opened.</summary>
    OpenFails,

    /// <summary>A read fails.</summary>
    ReadFails,

    /// <summary>A write fails and changes nothing.</summary>
    WriteFails,

    /// <summary>A write fails behind some of its sectors.</summary>
    WriteTorn,

    /// <summary>A write finds the disk full.</summary>
    DiskFull,

    /// <summary>A sync fails; what it was to make durable waits for the next one.</summary>
    SyncFails,

    /// <summary>A sync fails, and the system takes what it lost for written: no later sync writes it.</summary>
    SyncForgets,

    /// <summary>A file cannot be cut.</summary>
    TruncateFails,

    /// <summary>A file cannot be removed.</summary>
    DeleteFails,

    /// <summary>A write or sync takes up to some seconds.</summary>
    Delay,

    /// <summary>The process ends at a write, which does not happen or only in part.</summary>
    ProcessEnds,

    /// <summary>The process ends between two of its steps.</summary>
    Kill,

    /// <summary>The power goes; of what was not synced, nothing, all, the first writes, or any sectors are on the disk.</summary>
    PowerCut,

    /// <summary>Bits flip in what lies on the disk.</summary>
    Rot,

    /// <summary>A write lands in another place of its file.</summary>
    Misdirected,

    /// <summary>A message between two processes is lost.</summary>
    MessageLost,

    /// <summary>A message arrives late, and others overtake it.</summary>
    MessageDelayed,

    /// <summary>A message arrives twice.</summary>
    MessageRepeated,

    /// <summary>One process no longer hears another, which may still hear it.</summary>
    Split,

    /// <summary>A partition moves to another owner, whose predecessor may not know.</summary>
    Move,

    /// <summary>The platform stops and begins again as an operator would have it.</summary>
    Restart,

    /// <summary>The oldest records of a partition are removed, since the store has what they made.</summary>
    Trim,

    /// <summary>A start finds the directory of an earlier release.</summary>
    Upgrade,
}
