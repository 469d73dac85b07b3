using System.IO.Compression;
using Foretell.Web.Http;
using Microsoft.AspNetCore.RequestDecompression;
using Microsoft.Extensions.DependencyInjection;

namespace Foretell.Web.Admission;

/// <summary>A compressed body as it is unpacked. What is damaged is told as the request's fault, whichever endpoint reads it: each codec
/// has an exception of its own for that, and Brotli's is one that else means a fault of the program.</summary>
/// <param name="unpacking">The codec's stream over the body.</param>
internal sealed class UnpackedBody(Stream unpacking) : Stream
{
    /// <summary>Registers the encodings that bodies may have.</summary>
    public static void Add(IServiceCollection services) => services.AddRequestDecompression(options =>
    {
        options.DecompressionProviders.Clear();
        options.DecompressionProviders["gzip"] = new Codec(body => new GZipStream(body, CompressionMode.Decompress, leaveOpen: true));
        options.DecompressionProviders["br"] = new Codec(body => new BrotliStream(body, CompressionMode.Decompress, leaveOpen: true));
        options.DecompressionProviders["deflate"] = new Codec(body => new ZLibStream(body, CompressionMode.Decompress, leaveOpen: true));
    });

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    /// <exception cref="RequestException">The compressed bytes are damaged or cut short.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await unpacking.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            throw new RequestException(ProblemKind.MalformedBody,
                $"The compressed body is damaged: {e.Message} Compress it again, or send it plain.");
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A body is read asynchronously.");

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => unpacking.DisposeAsync();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            unpacking.Dispose();
        }
        base.Dispose(disposing);
    }

    private sealed class Codec(Func<Stream, Stream> unpack) : IDecompressionProvider
    {
        public Stream GetDecompressionStream(Stream stream) => new UnpackedBody(unpack(stream));
    }
}
