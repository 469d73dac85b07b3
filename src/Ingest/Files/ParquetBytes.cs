namespace Foretell.Ingest.Files;

/// <summary>A Parquet file's bytes up to an end that can be moved. Whoever wants a byte beyond it gets an exception: the library takes the
/// -1 of an ended stream for a byte of a number that goes on, and reads for ever.</summary>
/// <param name="file">The file; it can be read in any order.</param>
internal sealed class ParquetBytes(Stream file) : Stream
{
    /// <summary>What lies from here on is not there.</summary>
    public long End { get; set; } = file.Length;

    /// <summary>Bytes that are left.</summary>
    public long Left => End - file.Position;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => file.Length;

    /// <inheritdoc/>
    public override long Position { get => file.Position; set => file.Position = value; }

    /// <inheritdoc/>
    public override int ReadByte() => Left > 0 ? file.ReadByte() : throw Ended();

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer) =>
        buffer.IsEmpty ? 0 : Left > 0 ? file.Read(buffer[..(int)Math.Min(buffer.Length, Left)]) : throw Ended();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult(Read(buffer, offset, count));

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private InvalidDataException Ended() => new($"bytes are wanted at {Position} which end at {End}.");
}
