using System.Collections.Concurrent;

namespace Foretell.Faults.Disk;

/// <summary>Bytes of a file that grows, in blocks that other images use again: files come and go by the thousand, and their memory
/// kept the collector busy for a quarter of the time.</summary>
internal sealed class Image
{
    private const int BlockBytes = 16384;

    // Of all threads: a simulation runs on one, and another one ends it and gives its blocks back.
    private static readonly ConcurrentStack<byte[]> s_free = new();

    private readonly List<byte[]> _blocks = [];

    /// <summary>Bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Copies out; there must be so many bytes.</summary>
    public void Read(long offset, Span<byte> into)
    {
        for (int done = 0; done < into.Length;)
        {
            Span<byte> block = From(offset + done);
            int part = Math.Min(block.Length, into.Length - done);
            block[..part].CopyTo(into[done..]);
            done += part;
        }
    }

    /// <summary>Overwrites, and grows as far as needed; what lies between is zeros.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        Grow(offset + bytes.Length);
        while (!bytes.IsEmpty)
        {
            Span<byte> block = From(offset);
            int part = Math.Min(block.Length, bytes.Length);
            bytes[..part].CopyTo(block);
            offset += part;
            bytes = bytes[part..];
        }
    }

    /// <summary>Cuts off, or lengthens by zeros.</summary>
    public void Truncate(long length)
    {
        Grow(length);
        int blocks = (int)((length + BlockBytes - 1) / BlockBytes);
        for (int i = _blocks.Count - 1; i >= blocks; i--)
        {
            s_free.Push(_blocks[i]);
            _blocks.RemoveAt(i);
        }
        // What is cut off must be zeros when the file grows over it again.
        if (length % BlockBytes > 0)
        {
            From(length).Clear();
        }
        Length = length;
    }

    /// <summary>Takes over another's bytes.</summary>
    public void Become(Image other)
    {
        Truncate(other.Length);
        for (int i = 0; i < _blocks.Count; i++)
        {
            other._blocks[i].CopyTo(_blocks[i], 0);
        }
    }

    /// <summary>Flips one bit; a place behind the end has none.</summary>
    public void Flip(long offset, int bit)
    {
        if (offset < Length)
        {
            From(offset)[0] ^= (byte)(1 << bit);
        }
    }

    private Span<byte> From(long offset) => _blocks[(int)(offset / BlockBytes)].AsSpan((int)(offset % BlockBytes));

    private void Grow(long length)
    {
        while (_blocks.Count * (long)BlockBytes < length)
        {
            if (s_free.TryPop(out byte[]? block))
            {
                Array.Clear(block);
            }
            _blocks.Add(block ?? new byte[BlockBytes]);
        }
        Length = Math.Max(Length, length);
    }
}
