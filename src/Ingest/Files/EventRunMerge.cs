using Foretell.Engine.Events;

namespace Foretell.Ingest.Files;

/// <summary>Merges sorted runs by time; of equal times the earlier run's comes first.</summary>
internal sealed class EventRunMerge : EventSource
{
    private readonly PriorityQueue<(EventRun Run, int Number), (long Ticks, int Number)> _queue = new();

    /// <param name="runs">The runs in the order in which their events came.</param>
    public EventRunMerge(IEnumerable<EventRun> runs)
    {
        foreach ((int number, EventRun run) in runs.Index())
        {
            Enqueue(run, number);
        }
    }

    /// <inheritdoc/>
    public override bool TryAddNext(EventBatch batch)
    {
        if (!_queue.TryDequeue(out (EventRun Run, int Number) next, out _))
        {
            return false;
        }
        batch.Add(next.Run.Current);
        Enqueue(next.Run, next.Number);
        return true;
    }

    /// <summary>All events in batches; each is valid until the next is asked for.</summary>
    public IEnumerable<EventBatch> Batches()
    {
        var batch = new EventBatch();
        while (TryAddNext(batch))
        {
            if (batch.Count == EventRun.BatchEvents)
            {
                yield return batch;
                batch.Clear();
            }
        }
        yield return batch;
    }

    private void Enqueue(EventRun run, int number)
    {
        if (run.MoveNext())
        {
            _queue.Enqueue((run, number), (new LogRecord(run.Current).TimeTicks, number));
        }
    }
}
