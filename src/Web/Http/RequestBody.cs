using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Foretell.Web.Http;

/// <summary>A whole request body as one piece of memory; dispose it to give the memory back.</summary>
/// <remarks>A body that arrived in one piece is used where it lies. A longer one is copied once, as it arrives, into a rented array.</remarks>
internal struct RequestBody : IDisposable
{
    private PipeReader? _reader;
    private ReadOnlySequence<byte> _inPlace;
    private byte[]? _rented;

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>Reads to the end.</summary>
    /// <exception cref="BadHttpRequestException">The body is larger than the endpoint's limit (413).</exception>
    /// <exception cref="RequestException">The body's compression is broken.</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadCoreAsync(request.BodyReader, request.ContentLength, cancellationToken);
        }
        catch (InvalidDataException e)
        {
            throw new RequestException(ProblemKind.MalformedBody,
                $"The compressed body is damaged: {e.Message} Compress it again, or send it plain.");
        }
    }

    private static async ValueTask<RequestBody> ReadCoreAsync(PipeReader reader, long? contentLength, CancellationToken cancellationToken)
    {
        ReadResult read = await reader.ReadAsync(cancellationToken);
        if (read.IsCompleted && read.Buffer.IsSingleSegment)
        {
            return new RequestBody { _reader = reader, _inPlace = read.Buffer, Bytes = read.Buffer.First };
        }
        byte[] rented = ArrayPool<byte>.Shared.Rent((int)Math.Max(contentLength ?? 0, 64 * 1024));
        int length = 0;
        try
        {
            while (true)
            {
                int arrived = checked((int)read.Buffer.Length);
                if (rented.Length - length < arrived)
                {
                    byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(rented.Length * 2, length + arrived));
                    rented.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(rented);
                    rented = larger;
                }
                read.Buffer.CopyTo(rented.AsSpan(length));
                length += arrived;
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return new RequestBody { _rented = rented, Bytes = rented.AsMemory(0, length) };
                }
                read = await reader.ReadAsync(cancellationToken);
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(rented);
            throw;
        }
    }

    public void Dispose()
    {
        _reader?.AdvanceTo(_inPlace.End);
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
        }
        this = default;
    }
}
