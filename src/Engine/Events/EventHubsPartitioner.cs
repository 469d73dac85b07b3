using System.Buffers.Binary;
using System.Numerics;

namespace Foretell.Engine.Events;

/// <summary>Which partition a key belongs to: the hash of Azure Event Hubs, whichever log is behind.</summary>
/// <remarks>Source: Bob Jenkins, lookup3 (2006), hashlittle2 with both seeds 0.</remarks>
public static class EventHubsPartitioner
{
    /// <summary>Hash of a key: lookup3's b in the upper 32 bits, its c in the lower.</summary>
    public static ulong Hash(ReadOnlySpan<byte> key)
    {
        uint a = 0xdeadbeef + (uint)key.Length, b = a, c = a;
        while (key.Length > 12)
        {
            Add(key, ref a, ref b, ref c);
            a -= c; a ^= BitOperations.RotateLeft(c, 4); c += b;
            b -= a; b ^= BitOperations.RotateLeft(a, 6); a += c;
            c -= b; c ^= BitOperations.RotateLeft(b, 8); b += a;
            a -= c; a ^= BitOperations.RotateLeft(c, 16); c += b;
            b -= a; b ^= BitOperations.RotateLeft(a, 19); a += c;
            c -= b; c ^= BitOperations.RotateLeft(b, 4); b += a;
            key = key[12..];
        }
        if (key.Length > 0)
        {
            // Missing bytes of the last block count as zeros.
            Span<byte> last = stackalloc byte[12];
            last.Clear();
            key.CopyTo(last);
            Add(last, ref a, ref b, ref c);
            c ^= b; c -= BitOperations.RotateLeft(b, 14);
            a ^= c; a -= BitOperations.RotateLeft(c, 11);
            b ^= a; b -= BitOperations.RotateLeft(a, 25);
            c ^= b; c -= BitOperations.RotateLeft(b, 16);
            a ^= c; a -= BitOperations.RotateLeft(c, 4);
            b ^= a; b -= BitOperations.RotateLeft(a, 14);
            c ^= b; c -= BitOperations.RotateLeft(b, 24);
        }
        return (ulong)b << 32 | c;
    }

    /// <summary>The 16 bits that Event Hubs keeps of a hash.</summary>
    public static short Fold(ulong hash) => (short)((uint)hash ^ (uint)(hash >> 32));

    /// <summary>Partition of a key.</summary>
    /// <param name="key">Stream key, UTF-8.</param>
    /// <param name="partitionCount">Partitions of the log, 1 or more.</param>
    public static int Partition(ReadOnlySpan<byte> key, int partitionCount) => Math.Abs(Fold(Hash(key)) % partitionCount);

    private static void Add(ReadOnlySpan<byte> block, ref uint a, ref uint b, ref uint c)
    {
        a += BinaryPrimitives.ReadUInt32LittleEndian(block);
        b += BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        c += BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
    }
}
