namespace Foretell.Ingest.Simulation;

/// <summary>Many simulated streams, their events in time order; without end, but for a kind whose streams end. The same arguments
/// give the same events on every machine.</summary>
public sealed class Simulator
{
    private readonly PriorityQueue<(SimulatedStream Stream, SimulatedEvent Event), (long Ticks, int Number)> _queue = new();
    private readonly Dictionary<string, int> _numbers = [];

    private Simulator(IEnumerable<SimulatedStream> streams)
    {
        foreach (SimulatedStream stream in streams)
        {
            _numbers.Add(stream.Key, _numbers.Count);
            Enqueue(stream);
        }
    }

    /// <summary>Kinds that <see cref="Create"/> knows.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. SimulationKind.All.Select(k => k.Name), SimulationKind.AnyPace.Name, "demo"];

    /// <summary>Time of the event that <see cref="Next"/> gives next, ticks; <see cref="long.MaxValue"/> when all streams have
    /// ended.</summary>
    public long NextTicks => _queue.Count > 0 ? _queue.Peek().Event.TimeTicks : long.MaxValue;

    /// <summary>Starts a simulation.</summary>
    /// <param name="kind">"hawkes", "renewal", "self-correcting", "daily", "long-memory", "churn", "any-pace", or "demo" for a mix
    /// of the first four.</param>
    /// <param name="streams">Number of streams, 1 or more.</param>
    /// <param name="seed">Seed of every random choice.</param>
    /// <param name="startTime">When the watching starts; the first events follow within their streams' first gap.</param>
    /// <exception cref="ArgumentException">The kind is unknown.</exception>
    public static Simulator Create(string kind, int streams, long seed, DateTimeOffset startTime)
    {
        return new Simulator(Streams(kind, streams, seed, startTime));
    }

    /// <summary>The same streams one by one, each with its own events.</summary>
    /// <inheritdoc cref="Create"/>
    public static SimulatedStream[] Streams(string kind, int streams, long seed, DateTimeOffset startTime)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(streams, 1);
        SimulationKind[] kinds = kind == "demo"
            ? SimulationKind.Demo : Array.FindAll([.. SimulationKind.All, SimulationKind.AnyPace], k => k.Name == kind);
        if (kinds.Length == 0)
        {
            throw new ArgumentException($"There is no simulation '{kind}'; the kinds are {string.Join(", ", Kinds)}.", nameof(kind));
        }
        return [.. Enumerable.Range(0, streams).Select(i => new SimulatedStream(kinds[i % kinds.Length], i, seed, startTime))];
    }

    /// <summary>The next event of all streams.</summary>
    /// <exception cref="InvalidOperationException">All streams have ended.</exception>
    public SimulatedEvent Next()
    {
        (SimulatedStream stream, SimulatedEvent next) = _queue.Dequeue();
        if (!next.IsLast)
        {
            Enqueue(stream);
        }
        return next;
    }

    /// <summary>Events until all streams have ended, which most kinds' never do; take as many as are wanted.</summary>
    public IEnumerable<SimulatedEvent> Events()
    {
        while (_queue.Count > 0)
        {
            yield return Next();
        }
    }

    private void Enqueue(SimulatedStream stream)
    {
        SimulatedEvent next = stream.Next();
        _queue.Enqueue((stream, next), (next.TimeTicks, _numbers[stream.Key]));
    }
}
