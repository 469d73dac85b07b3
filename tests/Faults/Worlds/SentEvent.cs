using Foretell.Engine.Events;
using Foretell.Support;

namespace Foretell.Faults.Worlds;

/// <summary>An event that a client sent; its id is its own.</summary>
internal sealed record SentEvent(string Id, int Client, string Stream, long Ticks, string Mark)
{
    /// <summary>Whether its mark is a label of the stream, and it no event.</summary>
    public bool IsLabel { get; init; }

    /// <summary>Its values.</summary>
    public IReadOnlyList<(string Name, double Value)> Values { get; init; } = [];

    /// <summary>What the platform answered, once it did; null before.</summary>
    public Position? Acknowledged { get; set; }

    /// <summary>Its values as a log's reader tells them (<see cref="EventSets.Values"/>).</summary>
    public string ValuesText => EventSets.Text(Values);

    /// <summary>A batch of events as clients send them.</summary>
    public static EventBatch Batch(IEnumerable<SentEvent> events)
    {
        var batch = new EventBatch();
        foreach (SentEvent e in events)
        {
            if (e.IsLabel)
            {
                EventSets.AddLabel(batch, e.Stream, e.Ticks, e.Mark, e.Id);
            }
            else
            {
                EventSets.Add(batch, e.Stream, e.Ticks, e.Mark, e.Id, [.. e.Values]);
            }
        }
        return batch;
    }
}
