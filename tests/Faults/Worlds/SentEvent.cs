using System.Text;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Support;

namespace Foretell.Faults.Worlds;

/// <summary>An event that a client sent; its id is its own.</summary>
internal sealed record SentEvent(string Id, int Client, string Stream, long Ticks, string Mark)
{
    /// <summary>What the platform answered, once it did; null before.</summary>
    public Position? Acknowledged { get; set; }

    /// <summary>What it carries: none, one that the model does not know, an amount, or two; by its id, so that no random number of the
    /// schedule goes into it.</summary>
    private (string Name, double Value)[] Values
    {
        get
        {
            uint hash = Crc32C.Compute(Encoding.UTF8.GetBytes(Id));
            double number = hash / 1e6 + 0.05;
            return (hash % 4) switch
            {
                0 => [],
                1 => [("unheard-of", number)],
                2 => [("amount", number)],
                _ => [("temp", number % 40 - 10), ("amount", number)],
            };
        }
    }

    /// <summary>A batch of events as clients send them.</summary>
    public static EventBatch Batch(IEnumerable<SentEvent> events)
    {
        var batch = new EventBatch();
        foreach (SentEvent e in events)
        {
            EventSets.Add(batch, e.Stream, e.Ticks, e.Mark, e.Id, e.Values);
        }
        return batch;
    }
}
