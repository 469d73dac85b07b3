using Foretell.Engine.Events;

namespace Foretell.Ingest.Files;

/// <summary>Events sorted by time, equal times in the order in which they came. What does not fit in memory goes to a temporary file in
/// sorted runs, which are merged.</summary>
/// <remarks>Memory does not depend on the number of events: a run at first, then a buffer for each of the runs that are merged.
/// Source: Knuth, The Art of Computer Programming, volume 3, section 5.4.1.</remarks>
internal sealed class EventSort : EventSource, IDisposable
{
    /// <summary>Bytes of events that are sorted in memory: one run.</summary>
    private const int RunBytes = 32 << 20;

    /// <summary>Most runs that are merged at once; each has a buffer.</summary>
    private const int MaxRuns = 64;

    private readonly EventSource _source;
    private readonly string _name;
    private readonly int _runBytes;
    private readonly int _maxRuns;
    // The runs of each level, in the order of their events; a level that is full becomes one run of the level above.
    private readonly List<List<EventRun>> _levels = [];
    private readonly EventBatch _gathered = new();
    private int[] _order = [];
    private int _given;
    private EventRunMerge? _merge;
    private bool _isSorted;

    /// <param name="source">The events.</param>
    /// <param name="name">The file, for errors.</param>
    /// <param name="runBytes">Bytes of one run.</param>
    /// <param name="maxRuns">Most runs that are merged at once, 2 or more.</param>
    public EventSort(EventSource source, string name, int runBytes = RunBytes, int maxRuns = MaxRuns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRuns, 2);
        (_source, _name, _runBytes, _maxRuns) = (source, name, runBytes, maxRuns);
    }

    /// <inheritdoc/>
    public override bool TryAddNext(EventBatch batch)
    {
        if (!_isSorted)
        {
            Sort();
            _isSorted = true;
        }
        if (_merge is not null)
        {
            return _merge.TryAddNext(batch);
        }
        if (_given == _gathered.Count)
        {
            return false;
        }
        batch.Add(_gathered[_order[_given++]]);
        return true;
    }

    /// <summary>Gives the room of the runs back.</summary>
    public void Dispose()
    {
        foreach (EventRun run in _levels.SelectMany(level => level))
        {
            run.Dispose();
        }
    }

    private void Sort()
    {
        while (_source.TryAddNext(_gathered))
        {
            if (_gathered.Records.Length >= _runBytes)
            {
                SortGathered();
                Keep(EventRun.Write(_name, InOrder(_gathered, _order)), level: 0);
                _gathered.Clear();
            }
        }
        SortGathered();
        if (_levels.Count > 0)
        {
            Keep(EventRun.Write(_name, InOrder(_gathered, _order)), level: 0);
            // Higher levels hold what came earlier.
            _merge = new EventRunMerge(_levels.AsEnumerable().Reverse().SelectMany(level => level));
        }
    }

    private void SortGathered()
    {
        var times = new long[_gathered.Count];
        _order = new int[_gathered.Count];
        for (int i = 0; i < _order.Length; i++)
        {
            (times[i], _order[i]) = (new LogRecord(_gathered[i]).TimeTicks, i);
        }
        Array.Sort(_order, (a, b) => times[a] != times[b] ? times[a].CompareTo(times[b]) : a.CompareTo(b));
    }

    private void Keep(EventRun run, int level)
    {
        if (_levels.Count == level)
        {
            _levels.Add([]);
        }
        List<EventRun> runs = _levels[level];
        runs.Add(run);
        if (runs.Count == _maxRuns)
        {
            EventRun merged = EventRun.Write(_name, new EventRunMerge(runs).Batches());
            runs.ForEach(r => r.Dispose());
            runs.Clear();
            Keep(merged, level + 1);
        }
    }

    private static IEnumerable<EventBatch> InOrder(EventBatch events, int[] order)
    {
        var batch = new EventBatch();
        foreach (int index in order)
        {
            batch.Add(events[index]);
            if (batch.Count == EventRun.BatchEvents)
            {
                yield return batch;
                batch.Clear();
            }
        }
        yield return batch;
    }
}
