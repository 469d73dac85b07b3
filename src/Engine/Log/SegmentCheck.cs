using Foretell.Engine.Events;

namespace Foretell.Engine.Log;

/// <summary>Looks through a segment of a log before any of its records is handed out.</summary>
/// <remarks>A right checksum says that the bytes are those that were written, and not that they are records: whoever can write
/// the file can write a checksum, too, and some columns stand outside it.</remarks>
public static class SegmentCheck
{
    /// <summary>What is wrong with a segment.</summary>
    /// <param name="records">Its bytes.</param>
    /// <param name="count">How many records it says it has.</param>
    /// <param name="appendTicks">When it says it was appended.</param>
    /// <returns>Null where every record can be read; else what it does, behind "the segment". A record of a later version counts
    /// for the rest of the segment: whoever reads on to it is told (<see cref="LogRecord.Length"/>).</returns>
    public static string? Damage(ReadOnlySpan<byte> records, long count, long appendTicks)
    {
        if (!EventTime.IsValid(appendTicks))
        {
            return $"says it was appended at {appendTicks}, outside years 1 to 9999";
        }
        long found = 0;
        for (; !records.IsEmpty; found++)
        {
            if (new LogRecord(records).Version > LogRecord.CurrentVersion)
            {
                return found < count ? null : Miscounts(found + 1, count);
            }
            if (LogRecord.Check(records, out int length) is { } damage)
            {
                return $"has a record {damage}";
            }
            records = records[length..];
        }
        return found == count ? null : Miscounts(found, count);
    }

    private static string Miscounts(long found, long count) => $"has {found} records and says {count}";
}
