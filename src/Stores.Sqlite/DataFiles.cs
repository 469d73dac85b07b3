using Foretell.Models.Files;

namespace Foretell.Stores.Sqlite;

/// <summary>The files of a data directory, where code other than SQLite reads, writes and moves them: the log's witness, whoever looks
/// at what SQLite wrote, backup and repair. Everything else that SQLite opens goes through its own file system (sqlite3_vfs).</summary>
internal abstract class DataFiles
{
    /// <summary>The system's files, or those of a simulation (tests/Faults), which sets it before anything else begins.</summary>
    public static DataFiles Current { get; set; } = new SystemFiles();

    /// <summary>Whether a file is there.</summary>
    public abstract bool Exists(string path);

    /// <summary>Length of a file, bytes.</summary>
    /// <exception cref="IOException">It is not there, or cannot be asked.</exception>
    public abstract long Length(string path);

    /// <summary>Whether a directory is there.</summary>
    public abstract bool DirectoryExists(string path);

    /// <summary>Paths of the files and directories in a directory, in no order.</summary>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    public abstract IReadOnlyList<string> List(string directory);

    /// <summary>Opens a file for reading, which others may write and remove meanwhile.</summary>
    /// <param name="path">The file.</param>
    /// <param name="buffer">Bytes that are read at once; 0 for as many as are asked for.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public abstract Stream OpenRead(string path, int buffer = 1 << 20);

    /// <summary>Opens a file for writing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="anew">Whether to make it, empty; otherwise it has to be there.</param>
    /// <exception cref="IOException">It cannot be opened or made.</exception>
    public abstract DataFile OpenWrite(string path, bool anew);

    /// <summary>Puts a file in another's place.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    public abstract void Replace(string path, string with);

    /// <summary>Gives a file another name; durable when the call returns, so that no loss of power leaves it without any.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    public abstract void Move(string path, string to);

    /// <summary>Copies a file to where none is.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    public abstract void Copy(string path, string to);

    /// <summary>Removes a file; nothing happens where it is not there.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    public abstract void Delete(string path);

    /// <summary>Makes a directory, unless it is there; durable when the call returns.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    public abstract void CreateDirectory(string path);

    /// <summary>Gives a directory another name, which an empty one may have; durable when the call returns.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    public abstract void MoveDirectory(string path, string to);

    /// <summary>Removes a directory with all that is in it.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    public abstract void DeleteDirectory(string path);

    /// <summary>Makes durable which names are in a directory.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    public abstract void SyncDirectory(string path);

    /// <summary>Makes durable what was written of a file.</summary>
    /// <returns>Its length, bytes.</returns>
    /// <exception cref="IOException">It cannot.</exception>
    public abstract long Sync(string path);

    private sealed class SystemFiles : DataFiles
    {
        public override bool Exists(string path) => File.Exists(path);

        public override long Length(string path) => new FileInfo(path).Length;

        public override bool DirectoryExists(string path) => Directory.Exists(path);

        public override IReadOnlyList<string> List(string directory) => Directory.GetFileSystemEntries(directory);

        public override Stream OpenRead(string path, int buffer) =>
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, buffer);

        public override DataFile OpenWrite(string path, bool anew) => new SystemFile(new FileStream(path,
            anew ? FileMode.Create : FileMode.Open, FileAccess.ReadWrite, anew ? FileShare.None : FileShare.ReadWrite, bufferSize: 0));

        public override void Replace(string path, string with) => DurableNames.Replace(with, path);

        public override void Move(string path, string to)
        {
            File.Move(path, to);
            DurableNames.Sync(Path.GetDirectoryName(to)!);
            DurableNames.Sync(Path.GetDirectoryName(path)!);
        }

        public override void Copy(string path, string to) => File.Copy(path, to);

        public override void Delete(string path) => File.Delete(path);

        public override void CreateDirectory(string path) => DurableNames.CreateFolder(path);

        public override void MoveDirectory(string path, string to)
        {
            if (Directory.Exists(to))
            {
                Directory.Delete(to);
            }
            Directory.Move(path, to);
            DurableNames.Sync(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path))!);
        }

        public override void DeleteDirectory(string path) => Directory.Delete(path, recursive: true);

        public override void SyncDirectory(string path) => DurableNames.Sync(path);

        public override long Sync(string path)
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            file.Flush(flushToDisk: true);
            return file.Length;
        }
    }

    private sealed class SystemFile(FileStream file) : DataFile
    {
        public override void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(file.SafeFileHandle, bytes, offset);

        public override void Sync() => RandomAccess.FlushToDisk(file.SafeFileHandle);

        public override void Dispose() => file.Dispose();
    }
}

/// <summary>A file that is open for writing.</summary>
internal abstract class DataFile : IDisposable
{
    /// <summary>Writes bytes at a place; durable after the next sync.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public abstract void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Makes what was written durable.</summary>
    /// <exception cref="IOException">It cannot be synced.</exception>
    public abstract void Sync();

    /// <inheritdoc/>
    public abstract void Dispose();
}
