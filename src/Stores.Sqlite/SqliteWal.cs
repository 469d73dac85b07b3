using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Foretell.Engine;
using SQLitePCL;

namespace Foretell.Stores.Sqlite;

/// <summary>What stands in a write-ahead log of SQLite, read without SQLite: how much there is, and where SQLite stops to believe
/// it.</summary>
/// <remarks>Source: SQLite, "WAL-mode File Format" and "The Checksum Algorithm" (sqlite.org/fileformat2.html, section 4).</remarks>
/// <param name="Frames">Frames in the file of the log's present round.</param>
/// <param name="FirstBroken">Number of the first frame of the round that fails its checksum, counted from 1; null when none does.</param>
internal sealed record SqliteWal(long Frames, long? FirstBroken)
{
    /// <summary>Bytes of the header of a write-ahead log, and of each of its frames in front of the page.</summary>
    public const int HeaderBytes = 32, FrameHeaderBytes = 24;

    // A reader that stays holds a write-ahead log back: it may be far longer than the memory that a start should take.
    private const int CopyBytes = 64 << 10;

    /// <summary>No file, or one without a whole header: nothing of it is read.</summary>
    public static readonly SqliteWal None = new(0, null);

    /// <summary>Name of a database's write-ahead log.</summary>
    public static string PathOf(string database) => database + "-wal";

    /// <summary>Puts on the disk whatever a write-ahead log shows; to be called before its only writer opens the database.</summary>
    /// <remarks>
    /// What is shown may not be there yet. A process that was killed between a write and its sync leaves its commit in the system's
    /// memory; and a system may take what a failed sync lost for written, so that no later sync writes it: then the next loss of
    /// power leaves a hole, SQLite drops all that was acknowledged behind it, and takes pages from in front of it that are older
    /// than those it had copied back. Bytes that are written once more are dirty once more. Nothing is copied back before. They are
    /// read back behind it: a write that went elsewhere would cut off what was compared with the witness a moment ago.
    /// Source: Rebello et al., Can Applications Recover from fsync Failures?, USENIX ATC 2020.
    /// </remarks>
    /// <exception cref="SqliteException">The disk fails, or does not hold what was written.</exception>
    public static void MakeDurable(string database)
    {
        string path = PathOf(database);
        try
        {
            if (!DataFiles.Current.Exists(path))
            {
                return;
            }
            long length = DataFiles.Current.Length(path);
            if (length == 0)
            {
                return;
            }
            uint before = Read(path, length, (_, _) => { });
            using (DataFile log = DataFiles.Current.OpenWrite(path, anew: false))
            {
                Read(path, length, log.Write);
                log.Sync();
            }
            if (Read(path, length, (_, _) => { }) != before)
            {
                throw new SqliteException($"The write-ahead log is damaged: it was written once more, and is not what it was ({path})",
                    raw.SQLITE_CORRUPT);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SqliteException($"The write-ahead log cannot be made durable: {e.Message} ({path})", raw.SQLITE_IOERR_FSYNC);
        }
    }

    /// <summary>Hands out a file's first bytes piece by piece.</summary>
    /// <returns>Their checksum.</returns>
    private static uint Read(string path, long length, Action<long, ReadOnlySpan<byte>> take)
    {
        using Stream file = DataFiles.Current.OpenRead(path);
        byte[] buffer = new byte[Math.Min(length, CopyBytes)];
        uint crc = 0;
        for (long at = 0; at < length;)
        {
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(length - at, buffer.Length));
            file.ReadExactly(piece);
            crc = Crc32C.Append(crc, piece);
            take(at, piece);
            at += piece.Length;
        }
        return crc;
    }

    /// <summary>Reads the write-ahead log of a database that nobody writes to meanwhile.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SqliteWal Read(string database)
    {
        if (!DataFiles.Current.Exists(PathOf(database)))
        {
            return None;
        }
        using Stream file = DataFiles.Current.OpenRead(PathOf(database));
        byte[] header = new byte[HeaderBytes];
        if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes)
        {
            return None;
        }
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        uint pageBytes = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8));
        var sum = new Sum((magic & 1) != 0);
        sum.Add(header.AsSpan(0, 24));
        if ((magic & ~1u) != 0x377f0682 || pageBytes is < 512 or > 65536 || !sum.Equals(header.AsSpan(24)))
        {
            // A header that SQLite does not believe: it takes the whole file for empty.
            return new SqliteWal(file.Length > HeaderBytes ? 1 : 0, 1);
        }
        ReadOnlySpan<byte> salt = header.AsSpan(16, 8);
        byte[] frame = new byte[FrameHeaderBytes + (int)pageBytes];
        long frames = 0;
        long? broken = null;
        while (file.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length)
        {
            bool isOfThisRound = frame.AsSpan(8, 8).SequenceEqual(salt);
            if (!isOfThisRound && broken is null && !HasLaterFrame(file, frame.Length, salt))
            {
                break;
            }
            frames++;
            sum.Add(frame.AsSpan(0, 8));
            sum.Add(frame.AsSpan(FrameHeaderBytes));
            if (!isOfThisRound || !sum.Equals(frame.AsSpan(16, 8)))
            {
                broken ??= frames;
            }
        }
        return new SqliteWal(frames, broken);
    }

    /// <summary>Whether a frame of this round follows: then the one before it is broken in its salt, and not the round's end.</summary>
    private static bool HasLaterFrame(Stream file, int frameBytes, ReadOnlySpan<byte> salt)
    {
        long at = file.Position;
        Span<byte> header = stackalloc byte[FrameHeaderBytes];
        bool found = false;
        while (!found && file.ReadAtLeast(header, FrameHeaderBytes, throwOnEndOfStream: false) == FrameHeaderBytes)
        {
            found = header[8..16].SequenceEqual(salt);
            file.Seek(frameBytes - FrameHeaderBytes, SeekOrigin.Current);
        }
        file.Position = at;
        return found;
    }

    /// <summary>SQLite's running sum over pairs of 32-bit words.</summary>
    private struct Sum(bool bigEndian)
    {
        private uint _s0, _s1;

        public void Add(ReadOnlySpan<byte> bytes)
        {
            ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(bytes);
            bool swap = bigEndian == BitConverter.IsLittleEndian;
            for (int i = 0; i + 1 < words.Length; i += 2)
            {
                _s0 += (swap ? BinaryPrimitives.ReverseEndianness(words[i]) : words[i]) + _s1;
                _s1 += (swap ? BinaryPrimitives.ReverseEndianness(words[i + 1]) : words[i + 1]) + _s0;
            }
        }

        public readonly bool Equals(ReadOnlySpan<byte> stored) => _s0 == BinaryPrimitives.ReadUInt32BigEndian(stored)
            && _s1 == BinaryPrimitives.ReadUInt32BigEndian(stored[4..]);
    }
}
