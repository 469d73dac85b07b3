using Foretell.Stores.Sqlite;
using static Foretell.Faults.Disk.SqliteCode;

namespace Foretell.Faults.Disk;

/// <summary>The simulated disk for code other than SQLite. Its faults are exceptions.</summary>
internal sealed class SimulatedDataFiles(SimulatedDisk disk) : DataFiles
{
    /// <inheritdoc/>
    public override bool Exists(string path) => disk.Exists(path);

    /// <inheritdoc/>
    public override long Length(string path) => disk.Exists(path) ? Open(path, 0).File.Length : throw new FileNotFoundException(null, path);

    /// <inheritdoc/>
    public override Stream OpenRead(string path)
    {
        if (!disk.Exists(path))
        {
            throw new FileNotFoundException($"Could not find file '{path}'.", path);
        }
        OpenFile handle = Open(path, 0);
        byte[] content = new byte[handle.File.Length];
        Check(disk.Read(handle, content, 0), path);
        disk.Close(handle);
        return new MemoryStream(content, writable: false);
    }

    /// <inheritdoc/>
    public override DataFile OpenWrite(string path, bool anew)
    {
        OpenFile handle = Open(path, OpenReadWrite | (anew ? OpenCreate : 0));
        if (anew && handle.File.Length > 0)
        {
            Check(disk.Truncate(handle, 0), path);
        }
        return new File(disk, handle);
    }

    /// <inheritdoc/>
    public override void Replace(string path, string with) => Check(disk.Replace(path, with), path);

    private static void Check(int code, string path)
    {
        if (code != Ok)
        {
            throw new IOException($"Input/output error : '{path}' ({code})");
        }
    }

    private OpenFile Open(string path, int flags)
    {
        Check(disk.Open(path, flags, out OpenFile? handle), path);
        return handle!;
    }

    private sealed class File(SimulatedDisk disk, OpenFile handle) : DataFile
    {
        public override void Write(long offset, ReadOnlySpan<byte> bytes) => Check(disk.Write(handle, bytes, offset), handle.File.Path);

        public override void Sync() => Check(disk.Sync(handle), handle.File.Path);

        public override void Dispose() => disk.Close(handle);
    }
}
