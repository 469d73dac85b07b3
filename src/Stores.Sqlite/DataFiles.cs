using Foretell.Models.Files;

namespace Foretell.Stores.Sqlite;

/// <summary>The files of a data directory, where code other than SQLite reads and writes them: the log's witness, and whoever looks
/// at what SQLite wrote. Everything else that SQLite opens goes through its own file system (sqlite3_vfs).</summary>
internal abstract class DataFiles
{
    /// <summary>The system's files, or those of a simulation (tests/Faults), which sets it before anything else begins.</summary>
    public static DataFiles Current { get; set; } = new SystemFiles();

    /// <summary>Whether a file is there.</summary>
    public abstract bool Exists(string path);

    /// <summary>Length of a file, bytes.</summary>
    /// <exception cref="IOException">It is not there, or cannot be asked.</exception>
    public abstract long Length(string path);

    /// <summary>Opens a file for reading, which others may write and remove meanwhile.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public abstract Stream OpenRead(string path);

    /// <summary>Opens a file for writing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="anew">Whether to make it, empty; otherwise it has to be there.</param>
    /// <exception cref="IOException">It cannot be opened or made.</exception>
    public abstract DataFile OpenWrite(string path, bool anew);

    /// <summary>Puts a file in another's place.</summary>
    /// <exception cref="IOException">It cannot.</exception>
    public abstract void Replace(string path, string with);

    private sealed class SystemFiles : DataFiles
    {
        public override bool Exists(string path) => File.Exists(path);

        public override long Length(string path) => new FileInfo(path).Length;

        public override Stream OpenRead(string path) =>
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 20);

        public override DataFile OpenWrite(string path, bool anew) => new SystemFile(new FileStream(path,
            anew ? FileMode.Create : FileMode.Open, FileAccess.ReadWrite, anew ? FileShare.None : FileShare.ReadWrite, bufferSize: 0));

        public override void Replace(string path, string with) => DurableNames.Replace(with, path);
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
