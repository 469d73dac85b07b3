using Foretell.Engine.Events;
using Foretell.Support;

namespace Foretell.Faults.Worlds;

/// <summary>An event that a client sent; its id is its own.</summary>
internal sealed record SentEvent(string Id, int Client, string Stream, long Ticks, string Mark)
{
    /// <summary>What the platform answered, once it did; null before.</summary>
    public Position? Acknowledged { get; set; }

    /// <summary>A batch of events as clients send them.</summary>
    public static EventBatch Batch(IEnumerable<SentEvent> events)
    {
        var batch = new EventBatch();
        foreach (SentEvent e in events)
        {
            EventSets.Add(batch, e.Stream, e.Ticks, e.Mark, e.Id);
        }
        return batch;
    }
}
