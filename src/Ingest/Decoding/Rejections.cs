namespace Foretell.Ingest.Decoding;

/// <summary>The events of one request that were not accepted: all of them counted, the first of them with their reasons.</summary>
/// <remarks>A few bytes of a body can make an event that is refused in a sentence: without a limit the answer, and what is kept of it
/// with an idempotency key, would be many times larger than the request.</remarks>
/// <param name="listed">How many are kept with their reasons, at most.</param>
public sealed class Rejections(int listed = Rejections.MaxListed)
{
    /// <summary>How many an answer lists. Whoever sends more of them needs to see what is wrong, not each event.</summary>
    public const int MaxListed = 100;

    private readonly List<Rejection> _first = [];

    /// <summary>How many events were not accepted.</summary>
    public int Count { get; private set; }

    /// <summary>The first of them, in the request's order.</summary>
    public IReadOnlyList<Rejection> First => _first;

    /// <summary>Counts an event, and keeps its reason where there is room.</summary>
    /// <param name="index">Its place in the request, from 0.</param>
    /// <param name="reason">What was seen and what was expected, a sentence for the sender.</param>
    public void Add(int index, string reason)
    {
        Count++;
        if (_first.Count < listed)
        {
            _first.Add(new Rejection(index, reason));
        }
    }

    /// <summary>Forgets all but the first ones.</summary>
    /// <param name="count">How many there were then; at most <see cref="Count"/>.</param>
    public void Truncate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        Count = count;
        _first.RemoveRange(Math.Min(count, _first.Count), Math.Max(0, _first.Count - count));
    }

    /// <summary>Gives the last one another place.</summary>
    internal void RenumberLast(int index)
    {
        if (_first.Count == Count)
        {
            _first[^1] = _first[^1] with { Index = index };
        }
    }
}
