using System.Buffers;
using System.IO.Pipelines;
using Foretell.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Foretell.Web.Admission;

/// <summary>A whole request body as one piece of memory; dispose it to give the memory back.</summary>
/// <remarks>A body that arrived in one piece is used where it lies. A longer one is copied once, as it arrives, into a rented array that
/// grows with it: what a sender announces and does not send costs nothing.</remarks>
internal struct RequestBody : IDisposable
{
    private const int FirstBytes = 16 * 1024;

    private PipeReader? _reader;
    private ReadOnlySequence<byte> _inPlace;
    private byte[]? _rented;
    private BodyLease? _lease;

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>Reads to the end.</summary>
    /// <param name="request">The request.</param>
    /// <param name="lease">Where the memory comes from.</param>
    /// <param name="limits">How long the body may take, and stand still.</param>
    /// <param name="clock">Clock of these limits.</param>
    /// <param name="aborted">The caller has gone.</param>
    /// <exception cref="BadHttpRequestException">The body is larger than the endpoint's limit (413), or comes too slowly (408).</exception>
    /// <exception cref="RequestException">The body's compression is broken, it took too long, or its memory is not left.</exception>
    public static async ValueTask<RequestBody> ReadAsync(
        HttpRequest request, BodyLease lease, ForetellWebOptions limits, TimeProvider clock, CancellationToken aborted)
    {
        PipeReader reader = request.BodyReader;
        if (reader.TryRead(out ReadResult here))
        {
            if (here.IsCompleted && here.Buffer.IsSingleSegment)
            {
                // Small ones, which are most, are there already: no timer for them.
                return InPlace(reader, here, lease);
            }
            reader.AdvanceTo(here.Buffer.Start);
        }
        using var deadline = new CancellationTokenSource(limits.BodyStallTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, aborted);
        try
        {
            long started = clock.GetTimestamp();
            return await ReadCoreAsync(reader, lease, Arrived, either.Token);

            void Arrived()
            {
                long left = (limits.BodyTimeout - clock.GetElapsedTime(started)).Ticks;
                deadline.CancelAfter(TimeSpan.FromTicks(Math.Clamp(left, 0, limits.BodyStallTimeout.Ticks)));
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            throw new RequestException(ProblemKind.BodyTooSlow,
                $"The body stood still for {limits.BodyStallTimeout.TotalSeconds:0.###} s, or was not there after "
                + $"{limits.BodyTimeout.TotalSeconds:0.###} s. Send smaller requests, or over a faster line.");
        }
    }

    private static async ValueTask<RequestBody> ReadCoreAsync(
        PipeReader reader, BodyLease lease, Action arrived, CancellationToken cancellationToken)
    {
        ReadResult read = await reader.ReadAsync(cancellationToken);
        if (read.IsCompleted && read.Buffer.IsSingleSegment)
        {
            return InPlace(reader, read, lease);
        }
        byte[] rented = Rent(lease, FirstBytes);
        int length = 0;
        try
        {
            while (true)
            {
                int more = checked((int)read.Buffer.Length);
                if (rented.Length - length < more)
                {
                    byte[] larger = Rent(lease, Math.Max(rented.Length * 2, length + more));
                    rented.AsSpan(0, length).CopyTo(larger);
                    Return(lease, rented);
                    rented = larger;
                }
                read.Buffer.CopyTo(rented.AsSpan(length));
                length += more;
                arrived();
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return new RequestBody { _rented = rented, _lease = lease, Bytes = rented.AsMemory(0, length) };
                }
                read = await reader.ReadAsync(cancellationToken);
            }
        }
        catch
        {
            Return(lease, rented);
            throw;
        }
    }

    public void Dispose()
    {
        _reader?.AdvanceTo(_inPlace.End);
        if (_rented is not null)
        {
            Return(_lease!, _rented);
        }
        else
        {
            _lease?.Return(_inPlace.Length);
        }
        this = default;
    }

    private static RequestBody InPlace(PipeReader reader, ReadResult read, BodyLease lease)
    {
        lease.TakeSmall(read.Buffer.Length);
        return new RequestBody { _reader = reader, _inPlace = read.Buffer, _lease = lease, Bytes = read.Buffer.First };
    }

    private static byte[] Rent(BodyLease lease, int bytes)
    {
        // The pool hands out powers of two.
        int size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)bytes);
        lease.Take(size);
        return ArrayPool<byte>.Shared.Rent(size);
    }

    private static void Return(BodyLease lease, byte[] rented)
    {
        lease.Return(rented.Length);
        ArrayPool<byte>.Shared.Return(rented);
    }
}
