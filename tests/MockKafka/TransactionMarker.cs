using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Foretell.MockKafka;

/// <summary>Writes what only a broker writes: the marker behind a committed transaction, which takes an offset and is no message.</summary>
/// <remarks>Source: Kafka's protocol guide, Produce request (version 3), and its record batch (magic 2) with a control record.</remarks>
internal static class TransactionMarker
{
    private const short ProduceKey = 0, ProduceVersion = 3, AllReplicas = -1, ControlOfTransaction = 0x30;

    public static async Task WriteAsync(string brokers, string topic, int partition)
    {
        int colon = brokers.LastIndexOf(':');
        using var client = new TcpClient();
        await client.ConnectAsync(brokers[..colon], int.Parse(brokers[(colon + 1)..]));
        NetworkStream stream = client.GetStream();
        byte[] batch = Batch();
        using var request = new MemoryStream();
        Write16(request, ProduceKey);
        Write16(request, ProduceVersion);
        Write32(request, 1);
        WriteText(request, "marker");
        Write16(request, -1);
        Write16(request, AllReplicas);
        Write32(request, 10_000);
        Write32(request, 1);
        WriteText(request, topic);
        Write32(request, 1);
        Write32(request, partition);
        Write32(request, batch.Length);
        request.Write(batch);
        byte[] size = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(size, (int)request.Length);
        await stream.WriteAsync(size);
        await stream.WriteAsync(request.ToArray());
        await stream.ReadExactlyAsync(size);
        byte[] answer = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
        await stream.ReadExactlyAsync(answer);
        // Correlation id, one topic with its name, one partition with its number, then the error.
        short error = BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(4 + 4 + 2 + topic.Length + 4 + 4));
        if (error != 0)
        {
            throw new InvalidOperationException($"The mock cluster refused the marker with error {error}.");
        }
    }

    private static byte[] Batch()
    {
        using var record = new MemoryStream();
        // Attributes, timestamp and offset within the batch are 0. Key: version 0, type 1 (commit). Value: version 0, the
        // coordinator's epoch 0.
        record.Write([0, 0, 0, 8, 0, 0, 0, 1, 12, 0, 0, 0, 0, 0, 0, 0]);
        using var checkedPart = new MemoryStream();
        Write16(checkedPart, ControlOfTransaction);
        Write32(checkedPart, 0);
        Write64(checkedPart, 1_700_000_000_000);
        Write64(checkedPart, 1_700_000_000_000);
        Write64(checkedPart, 1);
        Write16(checkedPart, 0);
        Write32(checkedPart, -1);
        Write32(checkedPart, 1);
        // The record's length as a zigzag number.
        checkedPart.WriteByte((byte)(record.Length * 2));
        checkedPart.Write(record.ToArray());
        using var batch = new MemoryStream();
        Write64(batch, 0);
        Write32(batch, (int)checkedPart.Length + 4 + 1 + 4);
        Write32(batch, 0);
        batch.WriteByte(2);
        Write32(batch, (int)Crc32C(checkedPart.ToArray()));
        batch.Write(checkedPart.ToArray());
        return batch.ToArray();
    }

    private static uint Crc32C(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc = System.Numerics.BitOperations.Crc32C(crc, b);
        }
        return ~crc;
    }

    private static void WriteText(MemoryStream to, string text)
    {
        Write16(to, (short)text.Length);
        to.Write(Encoding.ASCII.GetBytes(text));
    }

    private static void Write16(MemoryStream to, short value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteInt16BigEndian(bytes, value);
        to.Write(bytes);
    }

    private static void Write32(MemoryStream to, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        to.Write(bytes);
    }

    private static void Write64(MemoryStream to, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        to.Write(bytes);
    }
}
