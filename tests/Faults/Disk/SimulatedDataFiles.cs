using Foretell.Stores.Sqlite;
using static Foretell.Faults.Disk.SqliteCode;

namespace Foretell.Faults.Disk;

/// <summary>The simulated disk for code other than SQLite. Its faults are exceptions.</summary>
internal sealed class SimulatedDataFiles(SimulatedDisk disk) : DataFiles
{
    private const int CopyBytes = 64 << 10;

    /// <inheritdoc/>
    public override bool Exists(string path) => disk.Exists(path);

    /// <inheritdoc/>
    public override bool DirectoryExists(string path) => disk.HasFolder(path);

    /// <inheritdoc/>
    public override IReadOnlyList<string> List(string directory) =>
        disk.HasFolder(directory) ? disk.List(directory) : throw new DirectoryNotFoundException($"Could not find a part of the path '{directory}'.");

    /// <inheritdoc/>
    public override long Length(string path) => disk.Exists(path) ? Open(path, 0).File.Length : throw new FileNotFoundException(null, path);

    /// <inheritdoc/>
    public override Stream OpenRead(string path, int buffer = 1 << 20)
    {
        if (!disk.Exists(path))
        {
            throw new FileNotFoundException($"Could not find file '{path}'.", path);
        }
        return new BufferedStream(new Reading(disk, Open(path, 0)), 4096);
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
    public override void Replace(string path, string with)
    {
        Check(disk.Move(with, path), path);
        SyncDirectory(Above(path));
    }

    /// <inheritdoc/>
    public override void Move(string path, string to)
    {
        if (disk.Exists(to))
        {
            throw new IOException($"The file '{to}' already exists.");
        }
        Check(disk.Move(path, to), path);
        SyncDirectory(Above(to));
        SyncDirectory(Above(path));
    }

    /// <inheritdoc/>
    public override void Copy(string path, string to)
    {
        if (disk.Exists(to))
        {
            throw new IOException($"The file '{to}' already exists.");
        }
        using Stream from = OpenRead(path);
        using DataFile into = OpenWrite(to, anew: true);
        byte[] piece = new byte[CopyBytes];
        for (long at = 0; from.Read(piece) is > 0 and int length; at += length)
        {
            into.Write(at, piece.AsSpan(0, length));
        }
    }

    /// <inheritdoc/>
    public override void Delete(string path)
    {
        if (disk.Exists(path))
        {
            Check(disk.Delete(path, syncDirectory: false), path);
        }
    }

    /// <inheritdoc/>
    public override void CreateDirectory(string path)
    {
        // The lock of a data directory is on the true disk.
        Directory.CreateDirectory(path);
        if (!disk.HasFolder(path))
        {
            CreateDirectory(Above(path));
            Check(disk.MakeFolder(path), path);
        }
        SyncDirectory(Above(path));
    }

    /// <inheritdoc/>
    public override void MoveDirectory(string path, string to)
    {
        if (disk.HasFolder(to))
        {
            Check(disk.Delete(to, syncDirectory: false), to);
        }
        Check(disk.Move(path, to), path);
        SyncDirectory(Above(path));
    }

    /// <inheritdoc/>
    public override void DeleteDirectory(string path)
    {
        foreach (string inside in List(path))
        {
            if (disk.HasFolder(inside))
            {
                DeleteDirectory(inside);
            }
            else
            {
                Check(disk.Delete(inside, syncDirectory: false), inside);
            }
        }
        Check(disk.Delete(path, syncDirectory: false), path);
    }

    /// <inheritdoc/>
    public override void SyncDirectory(string path) => Check(disk.SyncFolder(path), path);

    /// <inheritdoc/>
    public override long Sync(string path)
    {
        OpenFile handle = Open(path, OpenReadWrite);
        using var file = new File(disk, handle);
        file.Sync();
        return handle.File.Length;
    }

    private static string Above(string path) => Path.GetDirectoryName(path)!;

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

    private sealed class Reading(SimulatedDisk disk, OpenFile handle) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => handle.File.Length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int there = (int)Math.Clamp(Length - Position, 0, buffer.Length);
            Check(disk.Read(handle, buffer[..there], Position), handle.File.Path);
            Position += there;
            return there;
        }

        public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => Position,
            _ => Length,
        };

        public override void Flush()
        {
            // Nothing is written.
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing) => disk.Close(handle);
    }

    private sealed class File(SimulatedDisk disk, OpenFile handle) : DataFile
    {
        public override void Write(long offset, ReadOnlySpan<byte> bytes) => Check(disk.Write(handle, bytes, offset), handle.File.Path);

        public override void Sync() => Check(disk.Sync(handle), handle.File.Path);

        public override void Dispose() => disk.Close(handle);
    }
}
