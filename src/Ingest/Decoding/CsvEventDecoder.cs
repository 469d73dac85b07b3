using System.Text;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Decoding;

/// <summary>Events one CSV record each, below a header (RFC 4180). A broken record is one rejection; one that spans lines because of a
/// stray quote costs its first line, never its neighbours.</summary>
/// <param name="columns">Columns of the event's parts; null takes the default names.</param>
public sealed class CsvEventDecoder(EventColumns? columns = null) : EventDecoder
{
    private const string Naming = "the parameter columns=";

    /// <summary>How many times its own length a body may be looked at again behind records that spanned lines and were none.</summary>
    private const int MostLooksAgain = 8;

    /// <inheritdoc/>
    public override void Decode(ReadOnlySpan<byte> body, EventBatch batch, Rejections rejections)
    {
        ReadOnlySpan<byte> rest = WithoutByteOrderMark(body);
        // Each line of a body can open a quote that closes at its end, or never: all of that over and over is the square of its length.
        long looksLeft = MostLooksAgain * (long)body.Length;
        CsvTable table = ReadHeader(ref rest, ref looksLeft);
        for (int index = 0; TryTakeRecord(ref rest, table.Separator, ref looksLeft, out ReadOnlySpan<byte> record,
            out ReadOnlySpan<byte> afterLine);)
        {
            string? reason = table.Add(record, batch);
            if (reason is not null)
            {
                rejections.Add(index, reason);
                looksLeft -= afterLine.Length - rest.Length;
                rest = afterLine;
            }
            index++;
        }
    }

    /// <inheritdoc/>
    public override long MemoryFor(ReadOnlySpan<byte> body)
    {
        long memory = 10L * body.Length;
        if (columns is { Values.Count: > 0 })
        {
            // The names of values stand in each record, and in the table once.
            long names = columns.Values.Sum(name => 9L + Encoding.UTF8.GetByteCount(name)), lines = body.Count((byte)'\n') + 1;
            memory += 2 * lines * (1 + names);
        }
        return memory;
    }

    private CsvTable ReadHeader(scoped ref ReadOnlySpan<byte> rest, scoped ref long looksLeft)
    {
        if (!TryTakeRecord(ref rest, (byte)',', ref looksLeft, out ReadOnlySpan<byte> header, out _))
        {
            throw new MalformedBodyException("The body is empty; expected a CSV header.", 1, 1);
        }
        try
        {
            return new CsvTable(header, columns, Naming, zone: null);
        }
        catch (FormatException error)
        {
            throw new MalformedBodyException(error.Message, 1, 1, error);
        }
    }

    /// <summary>Takes the next record that is not blank.</summary>
    /// <param name="rest">What is left of the body; moves on.</param>
    /// <param name="separator">What stands between fields.</param>
    /// <param name="looksLeft">How many bytes may be looked at in vain; with none left a record is a line.</param>
    /// <param name="record">The record without its line end. A quoted field that never ends makes it its first line.</param>
    /// <param name="afterLine">What follows the record's first line.</param>
    /// <returns>False at the end.</returns>
    private static bool TryTakeRecord(scoped ref ReadOnlySpan<byte> rest, byte separator, scoped ref long looksLeft,
        out ReadOnlySpan<byte> record, out ReadOnlySpan<byte> afterLine)
    {
        do
        {
            ReadOnlySpan<byte> from = rest;
            ReadOnlySpan<byte> first = TakeLine(ref rest);
            record = first;
            ReadOnlySpan<byte> behind = rest;
            afterLine = behind;
            var scan = new QuoteScan(separator);
            scan.Add(record);
            while (scan.IsOpen && !rest.IsEmpty && looksLeft > 0)
            {
                ReadOnlySpan<byte> line = TakeLine(ref rest);
                scan.Add(line);
                record = from[..^rest.Length];
            }
            if (scan.IsOpen)
            {
                looksLeft -= behind.Length - rest.Length;
                record = first;
                rest = behind;
            }
            record = record.Trim("\r\n "u8);
        }
        while (record.Trim((byte)'\t').IsEmpty && !rest.IsEmpty);
        return !record.Trim((byte)'\t').IsEmpty;
    }

    /// <summary>A line with its end.</summary>
    private static ReadOnlySpan<byte> TakeLine(scoped ref ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? rest : rest[..(end + 1)];
        rest = rest[line.Length..];
        return line;
    }
}
