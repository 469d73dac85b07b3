using System.Net.Sockets;
using System.Text;
using Foretell.Engine.Events;

namespace Foretell.Bench;

/// <summary>Makes another .NET process collect its garbage, all generations, by the runtime's own diagnostics port (Unix).</summary>
/// <remarks>
/// A trace session whose keywords include GCHeapCollect begins with a full collection; the session itself is of no interest.
/// Source: the diagnostics IPC protocol, https://github.com/dotnet/diagnostics/blob/main/documentation/design-docs/ipc-protocol.md.
/// </remarks>
internal static class FullCollection
{
    private const string Magic = "DOTNET_IPC_V1\0", Runtime = "Microsoft-Windows-DotNETRuntime";
    private const byte TraceCommands = 2, StopTracing = 1, CollectTracing = 3;
    private const byte ServerAnswers = 0xFF, Ok = 0;
    private const ulong GcHeapCollect = 0x800000;
    private const int HeaderBytes = 20, Informational = 4, BufferMegabytes = 16, NetTrace = 1;

    /// <summary>Returns when the collection is over.</summary>
    public static async Task InduceAsync(int process)
    {
        using Socket session = await ConnectAsync(process);
        await SendAsync(session, CollectTracing, writer =>
        {
            writer.Write(BufferMegabytes);
            writer.Write(NetTrace);
            writer.Write(false);
            writer.Write(1);
            writer.Write(GcHeapCollect);
            writer.Write(Informational);
            writer.Write(Runtime.Length + 1);
            writer.Write(Encoding.Unicode.GetBytes(Runtime + "\0"));
            writer.Write(0);
        });
        byte[] id = await AnswerAsync(session, process);
        // The events are let go; the session ends once the runtime has collected and been told to stop.
        Task<int> rest = DrainAsync(session);
        using Socket control = await ConnectAsync(process);
        await SendAsync(control, StopTracing, writer => writer.Write(id));
        await AnswerAsync(control, process);
        await rest;
    }

    private static async Task<Socket> ConnectAsync(int process)
    {
        string path = Directory.GetFiles(Path.GetTempPath(), $"dotnet-diagnostic-{process}-*-socket").Single();
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static async Task SendAsync(Socket socket, byte command, Action<BinaryWriter> payload)
    {
        using var message = new MemoryStream();
        using var writer = new BinaryWriter(message);
        writer.Write(Encoding.ASCII.GetBytes(Magic));
        writer.Write((ushort)0);
        writer.Write(TraceCommands);
        writer.Write(command);
        writer.Write((ushort)0);
        payload(writer);
        message.Position = Magic.Length;
        writer.Write((ushort)message.Length);
        await socket.SendAsync(message.ToArray());
    }

    /// <summary>The eight bytes that every answer of these commands carries: the session's id.</summary>
    private static async Task<byte[]> AnswerAsync(Socket socket, int process)
    {
        byte[] answer = new byte[HeaderBytes + sizeof(ulong)];
        await using var stream = new NetworkStream(socket);
        await stream.ReadExactlyAsync(answer);
        return answer[16] == ServerAnswers && answer[17] == Ok ? answer[HeaderBytes..]
            : throw new InvalidOperationException(
                $"Process {process} refused to collect its garbage: answer {answer[16]:x}/{answer[17]:x}.");
    }

    private static async Task<int> DrainAsync(Socket socket)
    {
        byte[] ignored = new byte[1 << 16];
        while (await socket.ReceiveAsync(ignored) > 0)
        {
        }
        return 0;
    }
}
