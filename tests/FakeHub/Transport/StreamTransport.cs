using System.Net.Sockets;
using Microsoft.Azure.Amqp;
using Microsoft.Azure.Amqp.Transport;

namespace Foretell.FakeHub.Transport;

/// <summary>Carries AMQP frames over a stream, plain or encrypted.</summary>
/// <remarks>The library has one read and one write under way at a time.</remarks>
internal sealed class StreamTransport(Socket socket, Stream stream) : TransportBase("stream")
{
    private const int BufferBytes = 64 * 1024;

    private readonly byte[] _read = new byte[BufferBytes];
    private byte[] _gathered = new byte[BufferBytes];
    private int _from, _to;

    public override string LocalEndPoint { get; } = socket.LocalEndPoint?.ToString() ?? "";

    public override string RemoteEndPoint { get; } = socket.RemoteEndPoint?.ToString() ?? "";

    public override bool IsSecure => stream is not NetworkStream;

    public override void SetMonitor(ITransportMonitor usageMeter)
    {
    }

    public override bool WriteAsync(TransportAsyncCallbackArgs args) => IsPending(args, WriteAsync(Gather(args)));

    public override bool ReadAsync(TransportAsyncCallbackArgs args) =>
        IsPending(args, ReadAsync(args.Buffer.AsMemory(args.Offset, args.Count)));

    protected override bool CloseInternal()
    {
        stream.Dispose();
        return true;
    }

    protected override void AbortInternal()
    {
        // The other side sees a reset, as after a crash, not an orderly end.
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }
        stream.Dispose();
    }

    /// <returns>Whether the callback is to come; false when all is done.</returns>
    private static bool IsPending(TransportAsyncCallbackArgs args, ValueTask<int> work)
    {
        bool isPending = !work.IsCompleted;
        _ = CompleteAsync(args, work, isPending);
        return isPending;
    }

    private static async Task CompleteAsync(TransportAsyncCallbackArgs args, ValueTask<int> work, bool isPending)
    {
        try
        {
            (args.BytesTransfered, args.Exception) = (await work, null);
        }
        catch (Exception failure)
        {
            args.Exception = failure;
        }
        args.CompletedSynchronously = !isPending;
        if (isPending)
        {
            args.CompletedCallback?.Invoke(args);
        }
    }

    private async ValueTask<int> WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(bytes);
        return bytes.Length;
    }

    // The library asks for four bytes and then for a frame; the stream is asked for all there is.
    private async ValueTask<int> ReadAsync(Memory<byte> into)
    {
        if (_from == _to)
        {
            (_from, _to) = (0, await stream.ReadAsync(_read));
        }
        int count = Math.Min(into.Length, _to - _from);
        _read.AsMemory(_from, count).CopyTo(into);
        _from += count;
        return count;
    }

    private ReadOnlyMemory<byte> Gather(TransportAsyncCallbackArgs args)
    {
        if (args.Buffer is not null)
        {
            return args.Buffer.AsMemory(args.Offset, args.Count);
        }
        if (_gathered.Length < args.Count)
        {
            _gathered = new byte[Math.Max(args.Count, 2 * _gathered.Length)];
        }
        int at = 0;
        foreach (ByteBuffer buffer in args.ByteBufferList)
        {
            buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).CopyTo(_gathered.AsSpan(at));
            at += buffer.Length;
        }
        return _gathered.AsMemory(0, at);
    }
}
