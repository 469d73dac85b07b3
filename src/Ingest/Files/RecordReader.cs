using System.Security;

namespace Foretell.Ingest.Files;

/// <summary>Reads a file line by line as bytes, whatever its size. Blank lines, line ends and a byte order mark are skipped.</summary>
internal sealed class RecordReader : IDisposable
{
    private const int MaxQuotedBytes = 1 << 20;

    private readonly string _path;
    private readonly bool _quoted;
    private readonly FileStream _file;
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private long _nextLine = 1;

    /// <param name="path">The file.</param>
    /// <param name="quoted">True for CSV: a line end between double quotes belongs to the record.</param>
    /// <exception cref="EventFileException">The file cannot be opened or is no text in UTF-8.</exception>
    public RecordReader(string path, bool quoted)
    {
        _path = path;
        _quoted = quoted;
        if (Directory.Exists(path))
        {
            throw new EventFileException(path, 0, "This is a directory; expected a file of events.");
        }
        try
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0, FileOptions.SequentialScan);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EventFileException(path, 0, "There is no such file.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or SecurityException or ArgumentException)
        {
            throw new EventFileException(path, 0, $"The file cannot be opened: {error.Message}", error);
        }
        Fill();
        SkipSignature();
    }

    /// <summary>Line on which the latest record started, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>Reads the next record that is not blank.</summary>
    /// <param name="record">The record without its line end and without blanks around it; valid until the next call, and the
    /// caller may overwrite it.</param>
    /// <returns>False at the end of the file.</returns>
    public bool TryRead(out Span<byte> record)
    {
        do
        {
            if (!TryReadLine(out record))
            {
                return false;
            }
            record = record.Trim(" \t\r"u8);
        }
        while (record.IsEmpty);
        return true;
    }

    /// <summary>An error at the latest record.</summary>
    public EventFileException Error(string problem) => new(_path, Line, problem);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private bool TryReadLine(out Span<byte> line)
    {
        Line = _nextLine;
        int scanned = 0;
        bool open = false;
        while (true)
        {
            ReadOnlySpan<byte> unread = _buffer.AsSpan(_start + scanned, _end - _start - scanned);
            int lineEnd = unread.IndexOf((byte)'\n');
            ReadOnlySpan<byte> part = lineEnd < 0 ? unread : unread[..lineEnd];
            // An odd number of quotes so far means that this line end stands inside a quoted field.
            open ^= _quoted && part.Count((byte)'"') % 2 == 1;
            scanned += part.Length;
            if (lineEnd >= 0)
            {
                _nextLine++;
                if (!open)
                {
                    line = _buffer.AsSpan(_start, scanned);
                    _start += scanned + 1;
                    return true;
                }
                scanned++;
            }
            else if (open && scanned > MaxQuotedBytes)
            {
                throw Error("A quoted field that starts here is not closed within a megabyte; expected a closing double quote.");
            }
            else if (!Fill())
            {
                if (open)
                {
                    throw Error("A quoted field that starts here is never closed; expected a closing double quote.");
                }
                line = _buffer.AsSpan(_start, scanned);
                _start = _end;
                return scanned > 0;
            }
        }
    }

    /// <summary>Reads more bytes behind those not used yet; false at the end of the file.</summary>
    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        if (_end == _buffer.Length)
        {
            if (_buffer.Length > Array.MaxLength / 2)
            {
                throw Error("The line is longer than a gigabyte; expected one event or one sequence a line.");
            }
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
        try
        {
            int read = _file.Read(_buffer, _end, _buffer.Length - _end);
            _end += read;
            return read > 0;
        }
        catch (IOException error)
        {
            throw new EventFileException(_path, _nextLine, $"The file cannot be read: {error.Message}", error);
        }
    }

    private void SkipSignature()
    {
        ReadOnlySpan<byte> head = _buffer.AsSpan(0, _end);
        string? other = head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])
            ? "This is UTF-16 text; save it as UTF-8."
            : head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) ? "This is a gzip archive; unpack it first." : null;
        if (other is not null)
        {
            _file.Dispose();
            throw new EventFileException(_path, 0, other);
        }
        if (head.StartsWith("\uFEFF"u8))
        {
            _start = 3;
        }
    }
}
