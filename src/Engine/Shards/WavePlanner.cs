using Foretell.Models.Mixers;

namespace Foretell.Engine.Shards;

/// <summary>Orders a slice of events into waves such that no wave holds two events of one row.</summary>
/// <remarks>
/// The kernel steps a whole tile at once and would lose one of two updates to the same row. The n-th event of a
/// row within the slice goes to wave n, so a row's events keep their order. Allocates nothing after construction.
/// </remarks>
internal sealed class WavePlanner
{
    private readonly StepInput[] _arrived, _ordered;
    private readonly int[] _waveOf, _ends;
    private readonly float[] _arrivedValues, _orderedValues;
    private readonly int _valueCount;

    // How many events of a row the slice holds so far: a small table, cleared by raising its generation.
    private readonly (int Generation, int Row, int Events)[] _seen;
    private int _generation = 1;
    private int _count;

    /// <param name="capacity">Most events in a slice, a power of two.</param>
    /// <param name="values">Values that a step takes of each event.</param>
    /// <exception cref="ArgumentException">It is none.</exception>
    public WavePlanner(int capacity, int values = 0)
    {
        if (!System.Numerics.BitOperations.IsPow2(capacity))
        {
            throw new ArgumentException($"A slice must be a power of two, got {capacity} records.", nameof(capacity));
        }
        (_arrived, _ordered) = (new StepInput[capacity], new StepInput[capacity]);
        _valueCount = values;
        (_arrivedValues, _orderedValues) = (new float[capacity * values], new float[capacity * values]);
        (_waveOf, _ends) = (new int[capacity], new int[capacity]);
        _seen = new (int, int, int)[capacity * 2];
    }

    /// <summary>Waves, after <see cref="Plan"/>.</summary>
    public int Waves { get; private set; }

    /// <summary>Adds the next event.</summary>
    /// <returns>Its values, which the caller sets. Shape [values].</returns>
    public Span<float> Add(in StepInput input)
    {
        int i = Find(input.Row), wave = _seen[i].Generation == _generation ? _seen[i].Events : 0;
        _seen[i] = (_generation, input.Row, wave + 1);
        if (wave == Waves)
        {
            _ends[Waves++] = 0;
        }
        _ends[wave]++;
        _waveOf[_count] = wave;
        _arrived[_count] = input;
        return _arrivedValues.AsSpan(_valueCount * _count++, _valueCount);
    }

    /// <summary>Events of a row so far: the wave that its next one goes to.</summary>
    public int EventsOf(int row) => Find(row) is var i && _seen[i].Generation == _generation ? _seen[i].Events : 0;

    /// <summary>Sorts the events by wave.</summary>
    public void Plan()
    {
        // Counts become starts; placing the events moves each start to its wave's end.
        for (int wave = 0, start = 0; wave < Waves; wave++)
        {
            (_ends[wave], start) = (start, start + _ends[wave]);
        }
        for (int i = 0; i < _count; i++)
        {
            int place = _ends[_waveOf[i]]++;
            _ordered[place] = _arrived[i];
            if (_valueCount > 0)
            {
                _arrivedValues.AsSpan(i * _valueCount, _valueCount).CopyTo(_orderedValues.AsSpan(place * _valueCount));
            }
        }
    }

    /// <summary>Events of one wave, in their order of arrival.</summary>
    public ReadOnlySpan<StepInput> Wave(int wave)
    {
        int start = wave == 0 ? 0 : _ends[wave - 1];
        return _ordered.AsSpan(start, _ends[wave] - start);
    }

    /// <summary>Values of one wave's events, as the steps take them. Shape [n, values].</summary>
    public ReadOnlySpan<float> Values(int wave)
    {
        int start = wave == 0 ? 0 : _ends[wave - 1];
        return _orderedValues.AsSpan(start * _valueCount, (_ends[wave] - start) * _valueCount);
    }

    /// <summary>Forgets the events.</summary>
    public void Clear()
    {
        (_count, Waves) = (0, 0);
        _generation++;
    }

    /// <summary>Place of a row in the table, or the free one where it belongs.</summary>
    private int Find(int row)
    {
        int mask = _seen.Length - 1;
        int i = (int)((uint)row * 0x9E3779B9 >> 8) & mask;
        while (_seen[i].Generation == _generation && _seen[i].Row != row)
        {
            i = (i + 1) & mask;
        }
        return i;
    }
}
