using System.Buffers.Binary;

namespace Foretell.Stores.Sqlite.Maintenance;

/// <summary>Every image of every page that a database's files hold: those of the file itself, and each frame of its write-ahead log, also
/// of frames that SQLite would not read.</summary>
/// <remarks>Source: SQLite, "Database File Format", sections 1.3 and 4.1.</remarks>
internal sealed class SqlitePages : IDisposable
{
    private readonly Stream? _file, _wal;
    private readonly Dictionary<uint, List<int>> _frames = [];
    private readonly List<uint> _pageOfFrame = [0];
    private readonly HashSet<int> _commits = [];

    /// <param name="path">The database; either of its files may be missing.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public SqlitePages(string path)
    {
        _file = Open(path);
        Span<byte> header = stackalloc byte[100];
        header.Clear();
        Read(_file, header, 0);
        int written = BinaryPrimitives.ReadUInt16BigEndian(header[16..]);
        int pageBytes = written == 1 ? 65536 : written;
        int reserved = header[20];
        Span<byte> wal = stackalloc byte[SqliteWal.HeaderBytes];
        wal.Clear();
        _wal = Open(SqliteWal.PathOf(path));
        Read(_wal, wal, 0);
        if (!IsPageSize(pageBytes))
        {
            // The size stands in both files: one of them may have lost it.
            (pageBytes, reserved) = (BinaryPrimitives.ReadInt32BigEndian(wal[8..]), 0);
        }
        PageBytes = IsPageSize(pageBytes) ? pageBytes : 4096;
        UsableBytes = PageBytes - Math.Min(reserved, 64);
        IndexFrames(wal[16..24]);
    }

    /// <summary>Bytes of a page.</summary>
    public int PageBytes { get; }

    /// <summary>Bytes of a page that SQLite uses.</summary>
    public int UsableBytes { get; }

    /// <summary>Bytes of all images: no row is longer.</summary>
    public long Bytes => (_file?.Length ?? 0) + (_wal?.Length ?? 0);

    /// <summary>Pages of the file.</summary>
    public uint FilePages => (uint)((_file?.Length ?? 0) / PageBytes);

    /// <summary>Every image: a version (0 for the file's, i for frame i of the write-ahead log) and a page number, older ones
    /// first.</summary>
    public IEnumerable<(int Version, uint Page)> Images()
    {
        for (uint page = 1; page <= FilePages; page++)
        {
            yield return (0, page);
        }
        for (int frame = 1; frame < _pageOfFrame.Count; frame++)
        {
            if (_pageOfFrame[frame] > 0)
            {
                yield return (frame, _pageOfFrame[frame]);
            }
        }
    }

    /// <summary>A page as it was when the transaction that wrote some version was over.</summary>
    /// <returns>The image's version; null where no file has one.</returns>
    public int? Newest(uint page, int version)
    {
        int end = version;
        while (end > 0 && end < _pageOfFrame.Count - 1 && !_commits.Contains(end))
        {
            end++;
        }
        int frame = _frames.GetValueOrDefault(page)?.FindLast(frame => frame <= end) ?? 0;
        return frame > 0 ? frame : page <= FilePages ? 0 : null;
    }

    /// <summary>The last version of all.</summary>
    public int LastVersion => _pageOfFrame.Count - 1;

    /// <summary>Reads an image.</summary>
    /// <returns>False where the files hold no such image.</returns>
    public bool Read(int version, uint page, Span<byte> into)
    {
        (Stream? file, long offset) = version == 0
            ? (_file, (page - 1L) * PageBytes)
            : (_wal, SqliteWal.HeaderBytes + (version - 1L) * (SqliteWal.FrameHeaderBytes + PageBytes) + SqliteWal.FrameHeaderBytes);
        return page > 0 && Read(file, into[..PageBytes], offset) == PageBytes;
    }

    public void Dispose()
    {
        _file?.Dispose();
        _wal?.Dispose();
    }

    // Pages are read in any order: nothing is read ahead.
    private static Stream? Open(string path) => DataFiles.Current.Exists(path) ? DataFiles.Current.OpenRead(path, buffer: 0) : null;

    private static int Read(Stream? file, Span<byte> into, long offset)
    {
        if (file is null)
        {
            return 0;
        }
        file.Position = offset;
        return file.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
    }

    private void IndexFrames(ReadOnlySpan<byte> salt)
    {
        Span<byte> header = stackalloc byte[SqliteWal.FrameHeaderBytes];
        int frameBytes = SqliteWal.FrameHeaderBytes + PageBytes;
        for (long at = SqliteWal.HeaderBytes; _wal is not null && at + frameBytes <= _wal.Length; at += frameBytes)
        {
            Read(_wal, header, at);
            // Frames of an earlier round were copied into the file long ago, and hold older images than it does.
            uint page = header[8..16].SequenceEqual(salt) ? BinaryPrimitives.ReadUInt32BigEndian(header) : 0;
            if (page > 0)
            {
                if (!_frames.TryGetValue(page, out List<int>? frames))
                {
                    _frames[page] = frames = [];
                }
                frames.Add(_pageOfFrame.Count);
                if (BinaryPrimitives.ReadUInt32BigEndian(header[4..]) != 0)
                {
                    _commits.Add(_pageOfFrame.Count);
                }
            }
            _pageOfFrame.Add(page);
        }
    }

    private static bool IsPageSize(int bytes) => bytes is >= 512 and <= 65536 && (bytes & bytes - 1) == 0;
}
