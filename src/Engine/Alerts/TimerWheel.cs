using System.Numerics;

namespace Foretell.Engine.Alerts;

/// <summary>
/// Hierarchical timing wheel: at most one deadline a row, in ticks of 0 or more; scheduling, moving and cancelling
/// take constant time. 16 bytes a row, in chunks, so that growth copies nothing.
/// </summary>
/// <remarks>
/// A tick is a number of 6-bit digits. A row lies on the level of the highest digit in which its deadline differs from
/// now, in the slot of that digit, so eleven levels of 64 slots hold every deadline. A deadline that moves away stays
/// in its slot and is sorted in again when that slot's time comes: a busy stream costs one write an event.
/// Not thread-safe.
/// Source: Varghese and Lauck, Hashed and Hierarchical Timing Wheels, SOSP 1987, scheme 7.
/// </remarks>
internal sealed class TimerWheel
{
    private const int DigitBits = 6, Slots = 1 << DigitBits, Levels = 11;
    private const int ChunkBits = 12, ChunkRows = 1 << ChunkBits;

    private readonly List<Entry[]> _chunks = [];
    private readonly ulong[] _occupied = new ulong[Levels];

    // First row of each slot, plus 1; 0 for none.
    private readonly int[] _heads = new int[Levels * Slots];

    /// <summary>Tick up to which the wheel has turned.</summary>
    public long Now { get; private set; }

    /// <summary>Rows with a deadline.</summary>
    public int Count { get; private set; }

    /// <summary>Gives a row a deadline in place of the one it may have. One that has passed expires on the next turn.</summary>
    public void Schedule(int row, long due)
    {
        while (row >> ChunkBits >= _chunks.Count)
        {
            _chunks.Add(new Entry[ChunkRows]);
        }
        ref Entry entry = ref At(row);
        if (entry.Previous == 0)
        {
            Count++;
        }
        else if (due >= entry.Due)
        {
            entry.Due = due;
            return;
        }
        else
        {
            Unlink(row);
        }
        entry.Due = due;
        Link(row);
    }

    /// <summary>Takes a row's deadline away, if it has one.</summary>
    public void Cancel(int row)
    {
        if (row >> ChunkBits < _chunks.Count && At(row).Previous != 0)
        {
            Unlink(row);
            Count--;
        }
    }

    /// <summary>Takes out the next row whose deadline is <paramref name="now"/> or earlier: in the order of deadlines, at random
    /// within a tick.</summary>
    /// <returns>False when there is none; the wheel stands at <paramref name="now"/> then, unless it was beyond.</returns>
    public bool TryExpire(long now, out int row)
    {
        while (TryFindSlot(out int index, out long start) && start <= now)
        {
            Now = start;
            row = _heads[index] - 1;
            Unlink(row);
            if (At(row).Due <= Now)
            {
                Count--;
                return true;
            }
            Link(row);
        }
        Now = Math.Max(Now, now);
        row = -1;
        return false;
    }

    /// <summary>Turns the wheel to a time before <see cref="Now"/>. Touches every row: for clocks that were set back.</summary>
    public void TurnBack(long now)
    {
        int all = 0;
        for (int index = 0; index < _heads.Length; index++)
        {
            for (int next = _heads[index]; next != 0;)
            {
                ref Entry entry = ref At(next - 1);
                (int current, next) = (next, entry.Next);
                (entry.Next, all) = (all, current);
            }
            _heads[index] = 0;
        }
        Array.Clear(_occupied);
        Now = now;
        while (all != 0)
        {
            int row = all - 1;
            all = At(row).Next;
            Link(row);
        }
    }

    private ref Entry At(int row) => ref _chunks[row >> ChunkBits][row & (ChunkRows - 1)];

    /// <summary>The slot with a row in it whose time begins first, and when. Of two that begin together the higher level's goes
    /// first: its rows may be due at once.</summary>
    private bool TryFindSlot(out int index, out long start)
    {
        (index, start) = (-1, long.MaxValue);
        for (int level = 0; level < Levels; level++)
        {
            if (_occupied[level] != 0)
            {
                // No slot behind now holds a row, so the first of a level is its lowest.
                int slot = BitOperations.TrailingZeroCount(_occupied[level]), shift = level * DigitBits;
                long before = shift + DigitBits >= 63 ? 0 : Now >> (shift + DigitBits) << (shift + DigitBits);
                long begin = before | (long)slot << shift;
                if (begin <= start)
                {
                    (index, start) = (level * Slots + slot, begin);
                }
            }
        }
        return index >= 0;
    }

    private void Link(int row)
    {
        ref Entry entry = ref At(row);
        long due = Math.Max(entry.Due, Now);
        int level = BitOperations.Log2((ulong)(due ^ Now) | 1) / DigitBits;
        int slot = (int)(due >> (level * DigitBits)) & (Slots - 1), index = level * Slots + slot;
        int first = _heads[index];
        (entry.Next, entry.Previous) = (first, ~index);
        if (first != 0)
        {
            At(first - 1).Previous = row + 1;
        }
        _heads[index] = row + 1;
        _occupied[level] |= 1UL << slot;
    }

    private void Unlink(int row)
    {
        ref Entry entry = ref At(row);
        if (entry.Next != 0)
        {
            At(entry.Next - 1).Previous = entry.Previous;
        }
        if (entry.Previous > 0)
        {
            At(entry.Previous - 1).Next = entry.Next;
        }
        else
        {
            int index = ~entry.Previous;
            _heads[index] = entry.Next;
            if (entry.Next == 0)
            {
                _occupied[index / Slots] &= ~(1UL << (index % Slots));
            }
        }
        entry.Previous = 0;
    }

    /// <param name="Next">Next row of the slot plus 1; 0 for none.</param>
    /// <param name="Previous">The row before it plus 1; the complement of the slot's index for the first; 0 without a deadline.</param>
    /// <param name="Due">Deadline.</param>
    private record struct Entry(int Next, int Previous, long Due);
}
