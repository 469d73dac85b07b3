using System.Runtime.InteropServices;

namespace Foretell.Faults.Disk;

/// <summary>A file of SQLite's: its methods, and which <see cref="OpenFile"/> it is.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Handle
{
    public IoMethods* Methods;
    public int Number;
}

/// <summary>sqlite3_io_methods, version 2.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoMethods
{
    public int Version;
    public delegate* unmanaged[Cdecl]<Handle*, int> Close;
    public delegate* unmanaged[Cdecl]<Handle*, byte*, int, long, int> Read;
    public delegate* unmanaged[Cdecl]<Handle*, byte*, int, long, int> Write;
    public delegate* unmanaged[Cdecl]<Handle*, long, int> Truncate;
    public delegate* unmanaged[Cdecl]<Handle*, int, int> Sync;
    public delegate* unmanaged[Cdecl]<Handle*, long*, int> FileSize;
    public delegate* unmanaged[Cdecl]<Handle*, int, int> Lock;
    public delegate* unmanaged[Cdecl]<Handle*, int, int> Unlock;
    public delegate* unmanaged[Cdecl]<Handle*, int*, int> CheckReservedLock;
    public delegate* unmanaged[Cdecl]<Handle*, int, void*, int> FileControl;
    public delegate* unmanaged[Cdecl]<Handle*, int> SectorSize;
    public delegate* unmanaged[Cdecl]<Handle*, int> DeviceCharacteristics;
    public delegate* unmanaged[Cdecl]<Handle*, int, int, int, void**, int> ShmMap;
    public delegate* unmanaged[Cdecl]<Handle*, int, int, int, int> ShmLock;
    public delegate* unmanaged[Cdecl]<Handle*, void> ShmBarrier;
    public delegate* unmanaged[Cdecl]<Handle*, int, int> ShmUnmap;
}

/// <summary>sqlite3_vfs, version 2. Extensions are not loaded, so nothing stands where libraries would be.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Vfs
{
    public int Version;
    public int FileBytes;
    public int MaxPath;
    public Vfs* Next;
    public byte* Name;
    public void* Data;
    public delegate* unmanaged[Cdecl]<Vfs*, byte*, Handle*, int, int*, int> Open;
    public delegate* unmanaged[Cdecl]<Vfs*, byte*, int, int> Delete;
    public delegate* unmanaged[Cdecl]<Vfs*, byte*, int, int*, int> Access;
    public delegate* unmanaged[Cdecl]<Vfs*, byte*, int, byte*, int> FullPathname;
    public void* LibraryOpen;
    public void* LibraryError;
    public void* LibrarySymbol;
    public void* LibraryClose;
    public delegate* unmanaged[Cdecl]<Vfs*, int, byte*, int> Randomness;
    public delegate* unmanaged[Cdecl]<Vfs*, int, int> Sleep;
    public delegate* unmanaged[Cdecl]<Vfs*, double*, int> CurrentTime;
    public delegate* unmanaged[Cdecl]<Vfs*, int, byte*, int> GetLastError;
    public delegate* unmanaged[Cdecl]<Vfs*, long*, int> CurrentTimeInt64;
}
