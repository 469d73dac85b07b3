using System.Buffers;

namespace Foretell.Faults.Disk;

/// <summary>One file: what a reader sees, what is durable, and the writes in between, in their order.</summary>
internal sealed class SimulatedFile(string path)
{
    /// <summary>Bytes that a disk writes all or none of.</summary>
    public const int Sector = 512;

    private readonly List<Change> _pending = [];
    private readonly Image _live = new(), _durable = new();
    private long _settled;

    /// <summary>Its path.</summary>
    public string Path { get; set; } = path;

    /// <summary>Connections' locks; those of a process end with it.</summary>
    public FileLocks Locks { get; set; } = new();

    /// <summary>The memory that connections share (wal-index); null when nobody has mapped it.</summary>
    public SharedMemory? Memory { get; set; }

    /// <summary>Bytes that readers see.</summary>
    public long Length => _live.Length;

    /// <summary>Writes that no sync has made durable.</summary>
    public int Pending => _pending.Count;

    /// <summary>Writes and cuts so far.</summary>
    public long Changes => _settled + _pending.Count;

    /// <summary>Reads what readers see.</summary>
    /// <returns>False when the file ends before; the rest is zeros then.</returns>
    public bool Read(long offset, Span<byte> into)
    {
        int there = (int)Math.Clamp(_live.Length - offset, 0, into.Length);
        _live.Read(offset, into[..there]);
        into[there..].Clear();
        return there == into.Length;
    }

    /// <summary>Writes what readers see from now on; durable after the next sync.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        _live.Write(offset, bytes);
        byte[] copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(copy);
        _pending.Add(new Change(offset, copy, bytes.Length));
    }

    /// <summary>Cuts or lengthens the file; durable after the next sync.</summary>
    public void Truncate(long length)
    {
        _live.Truncate(length);
        _pending.Add(new Change(length, null, 0));
    }

    /// <summary>Makes every write before durable.</summary>
    public void Sync() => Settle(_pending.Count, static _ => true);

    /// <summary>Makes durable what was written before a sync began, whatever was written while it went on.</summary>
    /// <param name="changes"><see cref="Changes"/> when it began.</param>
    public void SyncUpTo(long changes) => Settle((int)Math.Max(0, changes - _settled), static _ => true);

    /// <summary>A sync that failed: some writes became durable, and the system forgets the others although readers see them.</summary>
    public void Forget(Random random) => Settle(_pending.Count, _ => random.Next(2) == 0);

    /// <summary>The power goes: readers see from now on what the disk has.</summary>
    /// <param name="random">Draws what reached the disk.</param>
    public void LosePower(Random random)
    {
        int way = random.Next(5), first = random.Next(_pending.Count + 1);
        for (int i = 0; i < _pending.Count; i++)
        {
            Change change = _pending[i];
            if (way == 4 && change.Bytes is not null)
            {
                ReadOnlySpan<byte> bytes = change.Span;
                for (int at = 0; at < bytes.Length; at += Sector)
                {
                    if (random.Next(2) == 0)
                    {
                        _durable.Write(change.Offset + at, bytes.Slice(at, Math.Min(Sector, bytes.Length - at)));
                    }
                }
            }
            else if (way == 1 || (way == 2 && i < first) || (way >= 3 && random.Next(2) == 0))
            {
                Apply(change);
            }
            change.Forget();
        }
        _settled += _pending.Count;
        _pending.Clear();
        _live.Become(_durable);
    }

    /// <summary>Flips one bit of what lies on the disk, and of what readers see of it.</summary>
    public void Rot(long offset, int bit)
    {
        _live.Flip(offset, bit);
        _durable.Flip(offset, bit);
    }

    /// <summary>Gives its memory back: nobody uses the file from now on.</summary>
    public void Dispose()
    {
        Settle(_pending.Count, static _ => false);
        _live.Truncate(0);
        _durable.Truncate(0);
    }

    private void Settle(int count, Func<Change, bool> reachesTheDisk)
    {
        for (int i = 0; i < count; i++)
        {
            if (reachesTheDisk(_pending[i]))
            {
                Apply(_pending[i]);
            }
            _pending[i].Forget();
        }
        _pending.RemoveRange(0, count);
        _settled += count;
    }

    private void Apply(Change change)
    {
        if (change.Bytes is not null)
        {
            _durable.Write(change.Offset, change.Span);
        }
        else
        {
            _durable.Truncate(change.Offset);
        }
    }

    /// <summary>A write, or without bytes a new length.</summary>
    private readonly record struct Change(long Offset, byte[]? Bytes, int Length)
    {
        public ReadOnlySpan<byte> Span => Bytes.AsSpan(0, Length);

        public void Forget()
        {
            if (Bytes is not null)
            {
                ArrayPool<byte>.Shared.Return(Bytes);
            }
        }
    }
}
