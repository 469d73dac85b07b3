using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Foretell.Models.Files;

/// <summary>Names of files and folders that survive the loss of power.</summary>
/// <remarks>
/// To sync a file keeps its bytes. What it is called stands in its folder, and POSIX promises no more of a name that was made, changed or
/// removed until that folder was synced, too: some seconds later, on most systems. Windows keeps names by itself, and cannot sync a folder.
/// Source: Pillai et al., All File Systems Are Not Created Equal, OSDI 2014.
/// </remarks>
public static partial class DurableNames
{
    /// <summary>Gives a file another name in its folder, in the place of whatever had that name; durable when the call returns.</summary>
    /// <param name="file">The file, whose bytes are synced.</param>
    /// <param name="path">Its new name.</param>
    /// <exception cref="IOException">It cannot, or the folder cannot be synced.</exception>
    public static void Replace(string file, string path)
    {
        File.Move(file, path, overwrite: true);
        Sync(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Writes a file, whole or not at all: what stood at the path stays until the new one is on disk.</summary>
    /// <param name="temporary">A name in the same folder, since only within one file system is a rename one indivisible step.</param>
    /// <exception cref="IOException">It cannot be written; what is there of it has the temporary name.</exception>
    internal static void Write(string path, ReadOnlySpan<byte> bytes, string temporary)
    {
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }
        Replace(temporary, path);
    }

    /// <summary>Makes a folder where it is missing, and those above it; durable when the call returns.</summary>
    /// <exception cref="IOException">It cannot, or a folder cannot be synced.</exception>
    public static void CreateFolder(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string? parent = Path.GetDirectoryName(path);
        if (!Directory.Exists(path))
        {
            if (parent is not null)
            {
                CreateFolder(parent);
            }
            Directory.CreateDirectory(path);
        }
        // Also where it was there: whoever gave it its name may have been ended before the name was kept.
        if (parent is not null)
        {
            Sync(parent);
        }
    }

    /// <summary>Makes the names in a folder durable.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public static void Sync(string folder)
    {
        const int readOnly = 0;
        if (OperatingSystem.IsWindows())
        {
            return;
        }
        // .NET opens no folders, but syncs them, and lets those be whose file system cannot.
        using SafeFileHandle handle = Open(folder, readOnly);
        if (!handle.IsInvalid)
        {
            RandomAccess.FlushToDisk(handle);
        }
        // One that may be written and not read cannot be opened: the system keeps its names in its own time.
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}
