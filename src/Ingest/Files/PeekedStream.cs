namespace Foretell.Ingest.Files;

/// <summary>A stream whose first bytes can be looked at before they are read; a pipe gives them only once.</summary>
internal sealed class PeekedStream : Stream
{
    private readonly Stream _inner;
    private readonly byte[] _head;
    private int _given;

    /// <param name="inner">The stream, at its start; disposed with this one.</param>
    /// <param name="bytes">How many bytes to look at.</param>
    public PeekedStream(Stream inner, int bytes)
    {
        _inner = inner;
        _head = new byte[bytes];
        int read = inner.ReadAtLeast(_head, bytes, throwOnEndOfStream: false);
        Array.Resize(ref _head, read);
    }

    /// <summary>The first bytes, fewer where the stream has no more.</summary>
    public ReadOnlySpan<byte> Head => _head;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (_given == _head.Length)
        {
            return _inner.Read(buffer);
        }
        int count = Math.Min(buffer.Length, _head.Length - _given);
        _head.AsSpan(_given, count).CopyTo(buffer);
        _given += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }
        base.Dispose(disposing);
    }
}
