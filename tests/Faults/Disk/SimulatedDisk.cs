using Foretell.Engine;
using static Foretell.Faults.Disk.SqliteCode;

namespace Foretell.Faults.Disk;

/// <summary>Files in memory, below SQLite, with the faults of true disks. It outlives the processes that use it.</summary>
/// <param name="weather">Which faults are drawn.</param>
/// <param name="pass">Lets simulated time pass, in ticks of 100 ns: what an operation takes.</param>
/// <param name="folder">The folder that is there.</param>
internal sealed class SimulatedDisk(Weather weather, Action<long> pass, string folder)
{
    private const ulong FnvPrime = 1099511628211;

    private readonly SimulatedNames _names = new(folder);
    private bool _losesPower;

    /// <summary>The process whose connections are opened from now on.</summary>
    public DiskProcess Process { get; private set; } = new();

    /// <summary>The files that are there.</summary>
    public IEnumerable<SimulatedFile> Files => _names.Files;

    /// <summary>Operations so far.</summary>
    public long Operations { get; private set; }

    /// <summary>Operations so far that change what is on the disk: writes, syncs, cuts, and those of names.</summary>
    public long Changes { get; private set; }

    /// <summary>The operation that fails; 0 for none.</summary>
    public long FailAt { get; set; }

    /// <summary>The change at which the process ends; 0 for none.</summary>
    public long EndAt { get; set; }

    /// <summary>Whether the power goes with the process that ends at a change.</summary>
    public bool LosesPowerAtEnd { get; set; }

    /// <summary>A hash of all that happened on the disk, to compare two runs of a seed.</summary>
    public ulong Trace { get; private set; } = 14695981039346656037;

    /// <summary>A new process begins; the one before must have ended.</summary>
    public void BeginProcess()
    {
        if (_losesPower)
        {
            LosePower();
        }
        _losesPower = false;
        Process = new DiskProcess();
        foreach (SimulatedFile file in _names.Files)
        {
            (file.Locks, file.Memory) = (new FileLocks(), null);
        }
    }

    /// <summary>The power goes, and with it the process.</summary>
    public void LosePower()
    {
        Process.End();
        Weather.Count(FaultKind.PowerCut);
        _names.LosePower(weather.Random);
        foreach (SimulatedFile file in _names.Files)
        {
            file.LosePower(weather.Random);
        }
    }

    /// <summary>Gives the files' memory back: nobody uses the disk from now on.</summary>
    public void Dispose()
    {
        foreach (SimulatedFile file in _names.AllFiles)
        {
            file.Dispose();
        }
    }

    /// <summary>Opens a file, or makes it.</summary>
    public int Open(string? path, int flags, out OpenFile? opened)
    {
        opened = null;
        if (path is null)
        {
            opened = new OpenFile(this, new SimulatedFile(""), Process, isTemporary: true, deleteOnClose: true);
            return Ok;
        }
        if (Fails(Process) || weather.Draws(FaultKind.OpenFails))
        {
            return CannotOpen;
        }
        SimulatedFile? file = _names.File(path);
        if (file is null && ((flags & OpenCreate) == 0 || !_names.Add(file = new SimulatedFile(path))))
        {
            return CannotOpen;
        }
        opened = new OpenFile(this, file, Process, isTemporary: false, (flags & OpenDeleteOnClose) != 0)
        {
            SyncsFolder = (flags & OpenCreate) != 0 && (flags & (OpenMainJournal | OpenSuperJournal | OpenWriteAheadLog)) != 0,
        };
        return Ok;
    }

    /// <summary>Closes a handle.</summary>
    public void Close(OpenFile handle)
    {
        Unmap(handle);
        handle.Locks.Release(handle, LockNone);
        if (handle.DeleteOnClose && !handle.IsTemporary && !handle.Process.IsDead)
        {
            _names.Remove(handle.File.Path);
        }
    }

    /// <summary>Reads; the rest is zeros where the file ends before.</summary>
    public int Read(OpenFile handle, Span<byte> into, long offset)
    {
        Note(1, offset, into.Length);
        weather.Place = new FaultPlace(handle.File.Path, offset, into.Length);
        return !handle.IsTemporary && (Fails(handle.Process) || weather.Draws(FaultKind.ReadFails)) ? IoErrorRead
            : handle.File.Read(offset, into) ? Ok : IoErrorShortRead;
    }

    /// <summary>Writes.</summary>
    public int Write(OpenFile handle, ReadOnlySpan<byte> bytes, long offset)
    {
        Note(2, offset, bytes.Length ^ (long)Crc32C.Compute(bytes) << 32);
        weather.Place = new FaultPlace(handle.File.Path, offset, bytes.Length);
        if (handle.IsTemporary)
        {
            handle.File.Write(offset, bytes);
            return Ok;
        }
        if (Fails(handle.Process))
        {
            return IoErrorWrite;
        }
        if (Ends(handle.Process))
        {
            handle.File.Write(offset, bytes[..Part(bytes.Length)]);
            return IoErrorWrite;
        }
        Take(1_000);
        if (weather.Draws(FaultKind.WriteFails))
        {
            return IoErrorWrite;
        }
        if (weather.Draws(FaultKind.DiskFull))
        {
            return Full;
        }
        if (weather.Draws(FaultKind.WriteTorn))
        {
            handle.File.Write(offset, bytes[..Part(bytes.Length)]);
            return IoErrorWrite;
        }
        if (weather.Draws(FaultKind.Misdirected) && handle.File.Length > 0)
        {
            offset = weather.Random.NextInt64(handle.File.Length / SimulatedFile.Sector + 1) * SimulatedFile.Sector;
        }
        handle.File.Write(offset, bytes);
        return Ok;
    }

    /// <summary>Makes every write before durable.</summary>
    public int Sync(OpenFile handle)
    {
        Note(3, handle.File.Length, handle.File.Pending);
        weather.Place = new FaultPlace(handle.File.Path, -1, 0);
        if (handle.IsTemporary)
        {
            return Ok;
        }
        if (Fails(handle.Process) || Ends(handle.Process))
        {
            return IoErrorSync;
        }
        Take(20_000);
        if (weather.Draws(FaultKind.SyncFails))
        {
            return IoErrorSync;
        }
        if (weather.Draws(FaultKind.SyncForgets))
        {
            handle.File.Forget(weather.Random);
            return IoErrorSync;
        }
        handle.File.Sync();
        if (handle.SyncsFolder)
        {
            _names.Sync(Path.GetDirectoryName(handle.File.Path)!);
            handle.SyncsFolder = false;
        }
        return Ok;
    }

    /// <summary>Cuts or lengthens a file.</summary>
    public int Truncate(OpenFile handle, long length)
    {
        Note(4, length, 0);
        weather.Place = new FaultPlace(handle.File.Path, length, 0);
        if (!handle.IsTemporary && (Fails(handle.Process) || Ends(handle.Process) || weather.Draws(FaultKind.TruncateFails)))
        {
            return IoErrorTruncate;
        }
        handle.File.Truncate(length);
        return Ok;
    }

    /// <summary>Removes a file or an empty folder.</summary>
    public int Delete(string path, bool syncDirectory)
    {
        Note(5, path.Length, syncDirectory ? 1 : 0);
        if (Fails(Process) || Ends(Process) || weather.Draws(FaultKind.DeleteFails))
        {
            return IoErrorDelete;
        }
        if (!_names.Remove(path))
        {
            return IoErrorDeleteNoEntry;
        }
        if (syncDirectory)
        {
            _names.Sync(Path.GetDirectoryName(path)!);
        }
        return Ok;
    }

    /// <summary>Gives a file or folder another name, in the place of a file or an empty folder that has it.</summary>
    public int Move(string path, string to)
    {
        Note(7, path.Length, to.Length);
        return Fails(Process) || Ends(Process) || weather.Draws(FaultKind.DeleteFails) || !_names.Move(path, to) ? IoErrorDelete : Ok;
    }

    /// <summary>Makes a folder.</summary>
    public int MakeFolder(string path)
    {
        Note(8, path.Length, 0);
        return Fails(Process) || Ends(Process) || !_names.AddFolder(path) ? CannotOpen : Ok;
    }

    /// <summary>Makes durable which names are in a folder.</summary>
    public int SyncFolder(string path)
    {
        Note(9, path.Length, 0);
        if (Fails(Process) || Ends(Process) || weather.Draws(FaultKind.SyncFails) || !HasFolder(path))
        {
            return IoErrorSync;
        }
        Take(20_000);
        _names.Sync(path);
        return Ok;
    }

    /// <summary>Whether a file is there.</summary>
    public bool Exists(string path) => _names.File(path) is not null;

    /// <summary>Whether a folder is there.</summary>
    public bool HasFolder(string path) => _names.HasFolder(path);

    /// <summary>Paths of the files and folders in a folder.</summary>
    public IReadOnlyList<string> List(string path) => _names.List(path);

    /// <summary>Lets go of the shared memory.</summary>
    public static void Unmap(OpenFile handle)
    {
        if (handle.Memory is { } memory && memory.Leave(handle) && handle.File.Memory == memory)
        {
            handle.File.Memory = null;
        }
        handle.Memory = null;
    }

    /// <summary>Adds to <see cref="Trace"/>.</summary>
    public void Note(long kind, long a, long b)
    {
        Trace = (Trace ^ (ulong)kind) * FnvPrime;
        Trace = (Trace ^ (ulong)a) * FnvPrime;
        Trace = (Trace ^ (ulong)b) * FnvPrime;
    }

    /// <summary>Counts an operation; true where its process is dead or the counter says that it fails.</summary>
    private bool Fails(DiskProcess process) => process.IsDead || ++Operations == FailAt;

    /// <summary>Counts a change; true where the process ends at it.</summary>
    private bool Ends(DiskProcess process)
    {
        if (++Changes != EndAt && !weather.Draws(FaultKind.ProcessEnds))
        {
            return false;
        }
        process.End();
        _losesPower = LosesPowerAtEnd;
        return true;
    }

    private void Take(long atMost) =>
        pass(weather.Draws(FaultKind.Delay) ? weather.Random.NextInt64(5 * TimeSpan.TicksPerSecond) : weather.Random.NextInt64(atMost));

    private int Part(int length) =>
        weather.Random.Next(Math.Max(1, length / SimulatedFile.Sector)) * SimulatedFile.Sector is var part && part < length ? part : 0;
}
