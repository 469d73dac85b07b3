using Foretell.Models.Network;
using Foretell.Models.Numerics;

namespace Foretell.Models.Stepping;

/// <summary>State rows in this process's memory. Fixed parts lie in blocks, so the store grows without copying and they never
/// move; a tail is memory of its own.</summary>
internal sealed unsafe class RowStore : IDisposable
{
    /// <summary>A block is about this large, and no more than so many rows.</summary>
    private const long BlockBytes = 4 << 20;
    private const int MaxBlockRows = 4096;

    private readonly StateLayout _layout;
    private readonly int _stride, _blockShift;
    private readonly List<AlignedBuffer> _blocks = [];
    private readonly List<AlignedBuffer?[]> _tails = [];

    /// <param name="maxRows">Rows that are ever needed at most.</param>
    public RowStore(StateLayout layout, int maxRows = int.MaxValue)
    {
        _layout = layout;
        _stride = (layout.Floats + 15) / 16 * 16;
        long rows = Math.Clamp(BlockBytes / (_stride * sizeof(float)), 1, Math.Min(MaxBlockRows, maxRows));
        _blockShift = System.Numerics.BitOperations.Log2((uint)rows);
    }

    /// <summary>Rows that fit.</summary>
    public int Capacity => _blocks.Count << _blockShift;

    private int BlockRows => 1 << _blockShift;

    /// <summary>Grows to at least <paramref name="rows"/> rows; new rows are empty states.</summary>
    public void EnsureCapacity(int rows)
    {
        while (Capacity < rows)
        {
            var block = new AlignedBuffer((long)_stride << _blockShift);
            for (int i = 0; i < BlockRows; i++)
            {
                _layout.WriteEmpty(new Span<float>(block.Pointer + (nint)i * _stride, _layout.Floats));
            }
            _blocks.Add(block);
            if (_layout.TailBlockFloats > 0)
            {
                _tails.Add(new AlignedBuffer?[BlockRows]);
            }
        }
    }

    /// <summary>A row's fixed part.</summary>
    public float* Row(int row) => _blocks[row >> _blockShift].Pointer + (nint)(row & (BlockRows - 1)) * _stride;

    /// <summary>A row's tail with room for one more event; null where the state has a constant size.</summary>
    public float* TailForNext(int row) => _layout.TailBlockFloats == 0 ? null : Tail(row, _layout.TailFloats(_layout.Events(Row(row)) + 1));

    /// <summary>Floats of a row, tail and all.</summary>
    public int Floats(int row) => checked((int)(_layout.Floats + _layout.TailFloats(_layout.Events(Row(row)))));

    /// <summary>Copies a row out: all of it, or its fixed part.</summary>
    public void Read(int row, Span<float> state)
    {
        new ReadOnlySpan<float>(Row(row), _layout.Floats).CopyTo(state);
        Span<float> tail = state[_layout.Floats..];
        if (!tail.IsEmpty)
        {
            new ReadOnlySpan<float>(Tail(row, tail.Length), tail.Length).CopyTo(tail);
        }
    }

    /// <summary>Overwrites a row, tail and all.</summary>
    public void Write(int row, ReadOnlySpan<float> state)
    {
        state[.._layout.Floats].CopyTo(new Span<float>(Row(row), _layout.Floats));
        ReadOnlySpan<float> tail = state[_layout.Floats..];
        if (!tail.IsEmpty)
        {
            tail.CopyTo(new Span<float>(Tail(row, tail.Length), tail.Length));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _blocks.ForEach(b => b.Dispose());
        _tails.ForEach(block => Array.ForEach(block, t => t?.Dispose()));
        _blocks.Clear();
        _tails.Clear();
    }

    /// <summary>A row's tail, at least so long. Doubling keeps the copies few.</summary>
    private float* Tail(int row, long floats)
    {
        ref AlignedBuffer? tail = ref _tails[row >> _blockShift][row & (BlockRows - 1)];
        if (tail is null || tail.Length < floats)
        {
            var longer = new AlignedBuffer(tail is null ? floats : Math.Max(floats, 2 * tail.Length));
            tail?.Span.CopyTo(longer.Span);
            tail?.Dispose();
            tail = longer;
        }
        return tail.Pointer;
    }
}
