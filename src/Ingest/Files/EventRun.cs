using Foretell.Engine.Events;

namespace Foretell.Ingest.Files;

/// <summary>Sorted events in a temporary file, as log records one behind the other.</summary>
internal sealed class EventRun : IDisposable
{
    /// <summary>Events that are written at once.</summary>
    public const int BatchEvents = 1024;

    private readonly FileStream _file;
    private byte[] _buffer = [];
    private int _start;
    private int _end;

    private EventRun(FileStream file) => _file = file;

    /// <summary>The event at which the run stands; valid until it moves on.</summary>
    public ReadOnlySpan<byte> Current => _buffer.AsSpan(_start, new LogRecord(_buffer.AsSpan(_start)).Length);

    /// <summary>Writes a run.</summary>
    /// <param name="name">The file whose events they are, for errors.</param>
    /// <param name="sorted">The events in their order; each batch is used before the next is asked for.</param>
    /// <exception cref="EventFileException">There is no room for it.</exception>
    public static EventRun Write(string name, IEnumerable<EventBatch> sorted)
    {
        FileStream file = TemporaryFile.Create(name);
        try
        {
            foreach (EventBatch batch in sorted)
            {
                file.Write(batch.Records);
            }
            file.Flush();
            file.Position = 0;
            return new EventRun(file);
        }
        catch (IOException error)
        {
            file.Dispose();
            throw TemporaryFile.Unwritable(name, error);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Moves to the next event, at first to the first.</summary>
    /// <returns>False at the end.</returns>
    public bool MoveNext()
    {
        if (_end > _start)
        {
            _start += Current.Length;
        }
        return IsWhole() || (Fill() && IsWhole());
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private bool IsWhole() => _end - _start >= LogRecord.HeaderBytes
        && _end - _start >= new LogRecord(_buffer.AsSpan(_start, _end - _start)).Length;

    private bool Fill()
    {
        // Longer than any record, so that one is whole after each filling.
        byte[] buffer = _buffer.Length > 0 ? _buffer : new byte[1 << 16];
        _buffer.AsSpan(_start, _end - _start).CopyTo(buffer);
        (_buffer, _end, _start) = (buffer, _end - _start, 0);
        int read = _file.ReadAtLeast(_buffer.AsSpan(_end), _buffer.Length - _end, throwOnEndOfStream: false);
        _end += read;
        return read > 0;
    }
}
