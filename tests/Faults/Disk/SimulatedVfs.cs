using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Foretell.Stores.Sqlite;
using static Foretell.Faults.Disk.SqliteCode;

namespace Foretell.Faults.Disk;

/// <summary>Makes the simulated disk the file system of every SQLite connection of this process (sqlite3_vfs, version 2).</summary>
/// <remarks>One disk at a time, and one thread: the simulation's. An exception must not cross into SQLite, which is C.</remarks>
internal static unsafe partial class SimulatedVfs
{
    private const string Library = "e_sqlite3";

    private static readonly List<OpenFile?> s_open = [];
    private static readonly Stack<int> s_free = new();
    private static IoMethods* s_methods;
    private static SimulatedDisk s_disk = null!;
    private static Random s_random = null!;
    private static TimeProvider s_time = null!;
    private static Action<long> s_pass = null!;

    /// <summary>Calls from a thread other than the simulation's, and exceptions of the disk's own code: both are faults of a
    /// simulation.</summary>
    public static string? Fault { get; private set; }

    private static int s_thread;

    /// <summary>From now on SQLite's files are on this disk, its sleeps take simulated time, and its random numbers begin anew.</summary>
    public static void Use(SimulatedDisk disk, Random random, TimeProvider time, Action<long> pass)
    {
        (s_disk, s_random, s_time, s_pass) = (disk, random, time, pass);
        (s_thread, Fault) = (Environment.CurrentManagedThreadId, null);
        if (s_methods is null)
        {
            Register();
        }
        Randomness(0, null);
        DataFiles.Current = new SimulatedDataFiles(disk);
    }

    /// <summary>Handles that are open.</summary>
    public static int OpenHandles => s_open.Count - s_free.Count;

    private static void Register()
    {
        s_methods = (IoMethods*)NativeMemory.AllocZeroed((nuint)sizeof(IoMethods));
        *s_methods = new IoMethods
        {
            Version = 2, Close = &Close, Read = &Read, Write = &Write, Truncate = &Truncate, Sync = &Sync, FileSize = &FileSize,
            Lock = &TakeLock, Unlock = &ReleaseLock, CheckReservedLock = &CheckReservedLock, FileControl = &FileControl,
            SectorSize = &SectorSize, DeviceCharacteristics = &DeviceCharacteristics, ShmMap = &ShmMap, ShmLock = &ShmLock,
            ShmBarrier = &ShmBarrier, ShmUnmap = &ShmUnmap,
        };
        // One thread needs no locks, nobody asks how much memory is taken, and connections are too short to be given pages in advance.
        if (Configure(ConfigSingleThread, 0) + Configure(ConfigMemoryStatus, 0) + Configure(ConfigPageCache, 0, 0, 0) != Ok)
        {
            throw new InvalidOperationException("SQLite was used before the simulation had configured it.");
        }
        SQLitePCL.Batteries_V2.Init();
        RegisterVfs(Make("foretell-faults"), 1);
        // The product asks for this one by name where it wants no locks, which are of no use in one process anyway.
        fixed (byte* name = "unix-none\0"u8)
        {
            UnregisterVfs(FindVfs(name));
        }
        RegisterVfs(Make("unix-none"), 0);
    }

    private static Vfs* Make(string name)
    {
        var vfs = (Vfs*)NativeMemory.AllocZeroed((nuint)sizeof(Vfs));
        *vfs = new Vfs
        {
            Version = 2, FileBytes = sizeof(Handle), MaxPath = 1024, Name = (byte*)Marshal.StringToCoTaskMemUTF8(name),
            Open = &Open, Delete = &Delete, Access = &Access, FullPathname = &FullPathname, Randomness = &FillRandom, Sleep = &Sleep,
            CurrentTime = &CurrentTime, GetLastError = &GetLastError, CurrentTimeInt64 = &CurrentTimeInt64,
        };
        return vfs;
    }

    private static OpenFile Of(Handle* handle) => s_open[handle->Number]!;

    /// <summary>Runs the work of a callback; what goes wrong in it is a fault of the simulation.</summary>
    private static int Guard(Func<int> work)
    {
        if (Environment.CurrentManagedThreadId != s_thread)
        {
            Fault ??= $"SQLite was used on a second thread:\n{Environment.StackTrace}";
        }
        try
        {
            return work();
        }
        catch (Exception e)
        {
            Fault ??= e.ToString();
            return IoError;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(Vfs* vfs, byte* name, Handle* handle, int flags, int* outFlags) => Guard(() =>
    {
        handle->Methods = null;
        int code = s_disk.Open(Marshal.PtrToStringUTF8((nint)name), flags, out OpenFile? file);
        if (file is not null)
        {
            handle->Methods = s_methods;
            if (!s_free.TryPop(out handle->Number))
            {
                handle->Number = s_open.Count;
                s_open.Add(null);
            }
            s_open[handle->Number] = file;
            if (outFlags is not null)
            {
                *outFlags = flags;
            }
        }
        return code;
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(Handle* handle) => Guard(() =>
    {
        OpenFile file = Of(handle);
        file.Disk.Close(file);
        s_open[handle->Number] = null;
        s_free.Push(handle->Number);
        return Ok;
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(Handle* handle, byte* into, int bytes, long offset) =>
        Guard(() => s_disk.Read(Of(handle), new Span<byte>(into, bytes), offset));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(Handle* handle, byte* from, int bytes, long offset) =>
        Guard(() => s_disk.Write(Of(handle), new ReadOnlySpan<byte>(from, bytes), offset));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(Handle* handle, long length) => Guard(() => s_disk.Truncate(Of(handle), length));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(Handle* handle, int flags) => Guard(() => s_disk.Sync(Of(handle)));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileSize(Handle* handle, long* length) => Guard(() =>
    {
        *length = Of(handle).File.Length;
        return Of(handle).Process.IsDead ? IoErrorSize : Ok;
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int TakeLock(Handle* handle, int level) => Guard(() =>
        Of(handle) is var file && file.Process.IsDead ? IoErrorLock : file.Locks.Take(file, level) ? Ok : Busy);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ReleaseLock(Handle* handle, int level) => Guard(() =>
    {
        Of(handle).Locks.Release(Of(handle), level);
        return Ok;
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckReservedLock(Handle* handle, int* reserved) => Guard(() =>
    {
        *reserved = Of(handle).Locks.IsReserved ? 1 : 0;
        return Ok;
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileControl(Handle* handle, int operation, void* argument) => NotFound;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(Handle* handle) => 4096;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeviceCharacteristics(Handle* handle) => PowersafeOverwrite;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmMap(Handle* handle, int region, int bytes, int extend, void** address) => Guard(() =>
    {
        OpenFile file = Of(handle);
        if (file.Process.IsDead)
        {
            return IoErrorSharedMemory;
        }
        if (file.Memory is null)
        {
            file.Memory = file.File.Memory ??= new SharedMemory();
            file.Memory.Join();
        }
        *address = (void*)file.Memory.Map(region, bytes, extend != 0);
        return Ok;
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmLock(Handle* handle, int first, int count, int flags) => Guard(() =>
    {
        OpenFile file = Of(handle);
        if ((flags & SharedUnlock) != 0)
        {
            file.Memory?.Unlock(file, first, count);
            return Ok;
        }
        return file.Process.IsDead || file.Memory is null ? IoErrorSharedMemory
            : file.Memory.TryLock(file, first, count, (flags & SharedExclusive) != 0) ? Ok : Busy;
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void ShmBarrier(Handle* handle) => Thread.MemoryBarrier();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ShmUnmap(Handle* handle, int delete) => Guard(() =>
    {
        SimulatedDisk.Unmap(Of(handle));
        return Ok;
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Delete(Vfs* vfs, byte* name, int syncDirectory) =>
        Guard(() => s_disk.Delete(Marshal.PtrToStringUTF8((nint)name)!, syncDirectory != 0));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Access(Vfs* vfs, byte* name, int flags, int* result) => Guard(() =>
    {
        *result = s_disk.Exists(Marshal.PtrToStringUTF8((nint)name)!) ? 1 : 0;
        return s_disk.Process.IsDead ? IoErrorAccess : Ok;
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FullPathname(Vfs* vfs, byte* name, int size, byte* into) => Guard(() =>
    {
        byte[] full = Encoding.UTF8.GetBytes(Path.GetFullPath(Marshal.PtrToStringUTF8((nint)name)!) + '\0');
        full.CopyTo(new Span<byte>(into, size));
        return Ok;
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FillRandom(Vfs* vfs, int bytes, byte* into)
    {
        s_random.NextBytes(new Span<byte>(into, bytes));
        return bytes;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sleep(Vfs* vfs, int microseconds) => Guard(() =>
    {
        s_pass(10L * microseconds);
        return microseconds;
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CurrentTime(Vfs* vfs, double* julianDay)
    {
        *julianDay = JulianMilliseconds() / 86_400_000.0;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CurrentTimeInt64(Vfs* vfs, long* milliseconds)
    {
        *milliseconds = JulianMilliseconds();
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetLastError(Vfs* vfs, int bytes, byte* text) => 0;

    private static long JulianMilliseconds() => 210_866_760_000_000 + s_time.GetUtcNow().ToUnixTimeMilliseconds();

    [LibraryImport(Library, EntryPoint = "sqlite3_config")]
    private static partial int Configure(int option, int value);

    [LibraryImport(Library, EntryPoint = "sqlite3_config")]
    private static partial int Configure(int option, nint memory, int pageBytes, int pages);

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_register")]
    private static partial int RegisterVfs(Vfs* vfs, int isDefault);

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_unregister")]
    private static partial int UnregisterVfs(Vfs* vfs);

    [LibraryImport(Library, EntryPoint = "sqlite3_vfs_find")]
    private static partial Vfs* FindVfs(byte* name);

    [LibraryImport(Library, EntryPoint = "sqlite3_randomness")]
    private static partial void Randomness(int bytes, byte* into);
}
