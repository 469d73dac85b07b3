namespace Foretell.Stores.Sqlite.Tests;

/// <summary>The system's files, until a process that changes those of one folder is killed at one of its changes.</summary>
/// <param name="inner">The system's.</param>
/// <param name="folder">Where changes count; whoever works elsewhere meanwhile notices nothing.</param>
/// <param name="last">The change that no longer happens, nor does any behind it; counted from 1.</param>
internal sealed class StoppingFiles(DataFiles inner, string folder, int last) : DataFiles
{
    private int _changes;

    public override bool Exists(string path) => inner.Exists(path);

    public override long Length(string path) => inner.Length(path);

    public override bool DirectoryExists(string path) => inner.DirectoryExists(path);

    public override IReadOnlyList<string> List(string directory) => inner.List(directory);

    public override Stream OpenRead(string path, int buffer) => inner.OpenRead(path, buffer);

    public override DataFile OpenWrite(string path, bool anew)
    {
        Count(path);
        return new Writing(this, path, inner.OpenWrite(path, anew));
    }

    public override void Replace(string path, string with) => Do(path, () => inner.Replace(path, with));

    public override void Move(string path, string to) => Do(path, () => inner.Move(path, to));

    public override void Copy(string path, string to) => Do(to, () => inner.Copy(path, to));

    public override void Delete(string path) => Do(path, () => inner.Delete(path));

    public override void CreateDirectory(string path) => Do(path, () => inner.CreateDirectory(path));

    public override void MoveDirectory(string path, string to) => Do(path, () => inner.MoveDirectory(path, to));

    public override void DeleteDirectory(string path) => Do(path, () => inner.DeleteDirectory(path));

    public override void SyncDirectory(string path) => Do(path, () => inner.SyncDirectory(path));

    public override long Sync(string path)
    {
        Count(path);
        return inner.Sync(path);
    }

    private void Do(string path, Action change)
    {
        Count(path);
        change();
    }

    private void Count(string path)
    {
        if (path.StartsWith(folder, StringComparison.Ordinal) && ++_changes >= last)
        {
            throw new KilledException();
        }
    }

    private sealed class Writing(StoppingFiles files, string path, DataFile file) : DataFile
    {
        public override void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            files.Count(path);
            file.Write(offset, bytes);
        }

        public override void Sync()
        {
            files.Count(path);
            file.Sync();
        }

        public override void Dispose() => file.Dispose();
    }
}

/// <summary>The process is killed here.</summary>
internal sealed class KilledException : Exception;
