using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Foretell.FakeHub.Log;

/// <summary>Which partition a key belongs to.</summary>
/// <remarks>Bob Jenkins' lookup3 (public domain, 2006), function hashlittle2 with both seeds 0, folded to 16 bits.</remarks>
internal static class PartitionKeyHash
{
    private const int Block = 12;

    /// <summary>Index of the key's partition, 0 to <paramref name="partitions"/> - 1.</summary>
    public static int Partition(string key, int partitions) => Math.Abs(Compute(Encoding.UTF8.GetBytes(key)) % partitions);

    public static short Compute(ReadOnlySpan<byte> key)
    {
        uint a = 0xdeadbeef + (uint)key.Length, b = a, c = a;
        for (; key.Length > Block; key = key[Block..])
        {
            Add(key, ref a, ref b, ref c);
            Mix(ref a, ref b, ref c);
        }
        if (key.Length > 0)
        {
            // The last block is filled up with zeros, which add nothing.
            Span<byte> last = stackalloc byte[Block];
            last.Clear();
            key.CopyTo(last);
            Add(last, ref a, ref b, ref c);
            Finish(ref a, ref b, ref c);
        }
        return (short)(c ^ b);
    }

    private static void Add(ReadOnlySpan<byte> block, ref uint a, ref uint b, ref uint c)
    {
        a += BinaryPrimitives.ReadUInt32LittleEndian(block);
        b += BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        c += BinaryPrimitives.ReadUInt32LittleEndian(block[8..]);
    }

    private static void Mix(ref uint a, ref uint b, ref uint c)
    {
        MixOne(ref a, ref c, b, 4);
        MixOne(ref b, ref a, c, 6);
        MixOne(ref c, ref b, a, 8);
        MixOne(ref a, ref c, b, 16);
        MixOne(ref b, ref a, c, 19);
        MixOne(ref c, ref b, a, 4);
    }

    private static void MixOne(ref uint x, ref uint y, uint z, int bits)
    {
        x = (x - y) ^ BitOperations.RotateLeft(y, bits);
        y += z;
    }

    private static void Finish(ref uint a, ref uint b, ref uint c)
    {
        c = (c ^ b) - BitOperations.RotateLeft(b, 14);
        a = (a ^ c) - BitOperations.RotateLeft(c, 11);
        b = (b ^ a) - BitOperations.RotateLeft(a, 25);
        c = (c ^ b) - BitOperations.RotateLeft(b, 16);
        a = (a ^ c) - BitOperations.RotateLeft(c, 4);
        b = (b ^ a) - BitOperations.RotateLeft(a, 14);
        c = (c ^ b) - BitOperations.RotateLeft(b, 24);
    }
}
