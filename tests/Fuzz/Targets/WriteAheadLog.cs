using System.Buffers.Binary;

namespace Foretell.Fuzz.Targets;

/// <summary>SQLite's write-ahead log. Source: sqlite.org, "WAL-mode File Format".</summary>
internal static class WriteAheadLog
{
    private const int HeaderBytes = 32, FrameHeaderBytes = 24;

    /// <summary>Rights the checksums of the header and of each frame: else all that follows a changed byte is as if it had never been
    /// written.</summary>
    public static void Repair(byte[] log)
    {
        if (log.Length < HeaderBytes)
        {
            return;
        }
        Span<byte> bytes = log;
        bool bigEndian = (bytes[3] & 1) == 1;
        (uint, uint) sums = Sum(bytes[..24], (0, 0), bigEndian);
        Write(bytes[24..32], sums);
        long page = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        if (page is < 512 or > 65_536)
        {
            return;
        }
        for (int at = HeaderBytes; at + FrameHeaderBytes + page <= log.Length; at += FrameHeaderBytes + (int)page)
        {
            // A frame has the salts of the log that it belongs to.
            bytes[16..24].CopyTo(bytes[(at + 8)..]);
            sums = Sum(bytes.Slice(at, 8), sums, bigEndian);
            sums = Sum(bytes.Slice(at + FrameHeaderBytes, (int)page), sums, bigEndian);
            Write(bytes.Slice(at + 16, 8), sums);
        }
    }

    private static (uint, uint) Sum(ReadOnlySpan<byte> bytes, (uint First, uint Second) sums, bool bigEndian)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            uint x = bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            uint y = bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            sums.First += x + sums.Second;
            sums.Second += y + sums.First;
        }
        return sums;
    }

    private static void Write(Span<byte> at, (uint First, uint Second) sums)
    {
        BinaryPrimitives.WriteUInt32BigEndian(at, sums.First);
        BinaryPrimitives.WriteUInt32BigEndian(at[4..], sums.Second);
    }
}
