using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Files;

/// <summary>Reads a stream line by line as bytes, whatever its size. Blank lines, line ends and a byte order mark are skipped.</summary>
internal sealed class RecordReader : IDisposable
{
    /// <summary>Longest line, bytes: a sequence of some millions of events. More is no line but a file without lines.</summary>
    public const int MaxLineBytes = 64 << 20;

    private const int MaxQuotedBytes = 1 << 20;

    private readonly string _name;
    private readonly Stream _bytes;
    private byte[] _buffer = new byte[1 << 16];
    private byte? _separator;
    private int _start;
    private int _end;
    private long _nextLine = 1;

    /// <param name="name">The file, for errors.</param>
    /// <param name="bytes">Its content; disposed with this reader.</param>
    /// <exception cref="EventFileException">The content is no text in UTF-8.</exception>
    public RecordReader(string name, Stream bytes)
    {
        (_name, _bytes) = (name, bytes);
        // The longest signature has four bytes, and a pipe may give fewer at first.
        Fill(atLeast: 4);
        SkipSignature();
    }

    /// <summary>Line on which the latest record started, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>From here on the lines are CSV: a line end between double quotes belongs to the record.</summary>
    /// <param name="separator">What stands between fields; until it is known, any will do.</param>
    public void ReadAsCsv(byte separator) => _separator = separator;

    /// <summary>Looks at the next line that is not blank, and leaves it to be read.</summary>
    /// <returns>False at the end.</returns>
    public bool TryPeek(out ReadOnlySpan<byte> line)
    {
        // The line lies in the buffer as a whole, behind blank ones that nobody misses.
        bool any = TryRead(out Span<byte> record, out int rawBytes);
        if (any)
        {
            _start -= rawBytes;
            _nextLine = Line;
        }
        line = record;
        return any;
    }

    /// <summary>Reads the next record that is not blank.</summary>
    /// <param name="record">The record without its line end and, but for tabs in CSV, without blanks around it; valid until the next
    /// call.</param>
    /// <returns>False at the end.</returns>
    public bool TryRead(out Span<byte> record) => TryRead(out record, out _);

    /// <summary>An error at the latest record.</summary>
    public EventFileException Error(string problem) => new(_name, Line, problem);

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private bool TryRead(out Span<byte> record, out int rawBytes)
    {
        do
        {
            if (!TryReadLine(out record, out rawBytes))
            {
                return false;
            }
            record = _separator is null ? record.Trim(" \t\r"u8) : record.Trim(" \r"u8);
        }
        while (record.Trim((byte)'\t').IsEmpty);
        return true;
    }

    private bool TryReadLine(out Span<byte> line, out int rawBytes)
    {
        Line = _nextLine;
        int scanned = 0;
        var quotes = new QuoteScan(_separator ?? 0);
        while (true)
        {
            ReadOnlySpan<byte> unread = _buffer.AsSpan(_start + scanned, _end - _start - scanned);
            int lineEnd = unread.IndexOf((byte)'\n');
            ReadOnlySpan<byte> part = lineEnd < 0 ? unread : unread[..(lineEnd + 1)];
            // Most lines are whole and have no quote: nothing to follow then.
            if (_separator is not null && (lineEnd < 0 || quotes.IsOpen || part.Contains((byte)'"')))
            {
                quotes.Add(part);
            }
            scanned += part.Length;
            if (lineEnd >= 0)
            {
                _nextLine++;
                if (!quotes.IsOpen)
                {
                    rawBytes = scanned;
                    line = _buffer.AsSpan(_start, scanned - 1);
                    _start += scanned;
                    return true;
                }
            }
            else if (quotes.IsOpen && scanned > MaxQuotedBytes)
            {
                throw Error("A quoted field that starts here is not closed within a megabyte; expected a closing double quote.");
            }
            else if (!Fill())
            {
                if (quotes.IsOpen)
                {
                    throw Error("A quoted field that starts here is never closed; expected a closing double quote.");
                }
                rawBytes = scanned;
                line = _buffer.AsSpan(_start, scanned);
                _start = _end;
                return scanned > 0;
            }
        }
    }

    /// <summary>Reads more bytes behind those not used yet; false at the end of the file.</summary>
    private bool Fill(int atLeast = 1)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MaxLineBytes)
            {
                throw Error($"The line is longer than {MaxLineBytes >> 20} MiB; expected one event or one sequence a line. "
                    + "Write long sequences as events, one a line.");
            }
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
        try
        {
            int read = _bytes.ReadAtLeast(_buffer.AsSpan(_end), atLeast, throwOnEndOfStream: false);
            _end += read;
            return read > 0;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or ZstdSharp.ZstdException)
        {
            throw OpenedEventFile.Unreadable(_name, _nextLine, error);
        }
    }

    private void SkipSignature()
    {
        ReadOnlySpan<byte> head = _buffer.AsSpan(0, _end);
        string? other = head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])
                ? "This is UTF-16 text; save it as UTF-8."
            : Compression.IsPacked(head) ? "This file is compressed twice; unpack it once."
            : head.Contains((byte)0) ? "This is no text: it holds bytes of value 0. Expected NDJSON, sequences, CSV or Parquet, as they are or as gzip or zstd."
            : null;
        if (other is not null)
        {
            throw new EventFileException(_name, 0, other);
        }
        if (head.StartsWith("\uFEFF"u8))
        {
            _start = 3;
        }
    }
}
