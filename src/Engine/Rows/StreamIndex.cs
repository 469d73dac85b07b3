using System.Numerics;
using Foretell.Engine.Events;

namespace Foretell.Engine.Rows;

/// <summary>From stream key to row, and back: an open-addressing table over keys in a byte arena.</summary>
/// <remarks>
/// No object per stream. Beside its key a stream takes 8 bytes for the key's place, 1 for its length and 8 bytes
/// of table at a load of 3/8 to 3/4: 20 to 31 bytes (StreamIndexTests holds it below 40).
/// </remarks>
public sealed class StreamIndex
{
    // Chunks never move, so growth copies no keys and a key's span stays valid.
    private const int ChunkBytes = 1 << 16;

    private readonly List<byte[]> _chunks = [];
    private int _chunkUsed = ChunkBytes;
    private long[] _places = new long[64];
    private ulong[] _table = new ulong[128];

    /// <summary>Streams in the index; rows are numbered from 0 in the order of their addition.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes held, keys included.</summary>
    public long MemoryBytes => (long)_chunks.Count * ChunkBytes + _places.Length * 8L + _table.Length * 8L;

    /// <summary>Key of a row, UTF-8.</summary>
    public ReadOnlySpan<byte> Key(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count, nameof(row));
        long place = _places[row];
        byte[] chunk = _chunks[(int)(place / ChunkBytes)];
        int offset = (int)(place % ChunkBytes);
        // A key has 1 to 256 bytes: its length less 1 fits the byte before it.
        return chunk.AsSpan(offset + 1, chunk[offset] + 1);
    }

    /// <summary>Row of a key, or -1.</summary>
    public int Find(ReadOnlySpan<byte> key)
    {
        uint hash = Hash(key);
        int mask = _table.Length - 1;
        for (int i = (int)hash & mask; ; i = (i + 1) & mask)
        {
            ulong entry = _table[i];
            if (entry == 0)
            {
                return -1;
            }
            if ((uint)(entry >> 32) == hash && Key((int)(uint)entry - 1).SequenceEqual(key))
            {
                return (int)(uint)entry - 1;
            }
        }
    }

    /// <summary>Adds a key that the index does not hold, and returns its row.</summary>
    public int Add(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfZero(key.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, EventBatch.MaxTextBytes);
        if (Count == _places.Length)
        {
            // Growing by half wastes less than doubling where millions of streams fill the memory.
            Array.Resize(ref _places, _places.Length + _places.Length / 2);
        }
        if ((Count + 1) * 4L > _table.Length * 3L)
        {
            Grow();
        }
        _places[Count] = Store(key);
        Insert(_table, Hash(key), Count);
        return Count++;
    }

    // The partition already fixes the lower bits of b ^ c; c alone is still spread evenly.
    private static uint Hash(ReadOnlySpan<byte> key) => (uint)EventHubsPartitioner.Hash(key);

    private long Store(ReadOnlySpan<byte> key)
    {
        if (_chunkUsed + 1 + key.Length > ChunkBytes)
        {
            _chunks.Add(new byte[ChunkBytes]);
            _chunkUsed = 0;
        }
        long place = (long)(_chunks.Count - 1) * ChunkBytes + _chunkUsed;
        Span<byte> target = _chunks[^1].AsSpan(_chunkUsed);
        target[0] = (byte)(key.Length - 1);
        key.CopyTo(target[1..]);
        _chunkUsed += 1 + key.Length;
        return place;
    }

    private void Grow()
    {
        // An entry keeps its key's 32 bits of hash, so growth reads no keys.
        var table = new ulong[BitOperations.RoundUpToPowerOf2((uint)_table.Length + 1)];
        foreach (ulong entry in _table)
        {
            if (entry != 0)
            {
                Insert(table, (uint)(entry >> 32), (int)(uint)entry - 1);
            }
        }
        _table = table;
    }

    private static void Insert(ulong[] table, uint hash, int row)
    {
        int mask = table.Length - 1;
        int i = (int)hash & mask;
        while (table[i] != 0)
        {
            i = (i + 1) & mask;
        }
        table[i] = (ulong)hash << 32 | (uint)(row + 1);
    }
}
