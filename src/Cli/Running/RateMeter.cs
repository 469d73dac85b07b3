namespace Foretell.Cli.Running;

/// <summary>Events a second over a sliding window of readings of a counter.</summary>
internal sealed class RateMeter(TimeSpan window)
{
    private readonly Queue<(TimeSpan At, long Count)> _readings = new();

    /// <summary>Adds a reading.</summary>
    /// <param name="at">When, on any clock that only goes forward.</param>
    /// <param name="count">The counter, never smaller than before.</param>
    /// <returns>Counts a second since the oldest reading in the window; 0 before the second reading.</returns>
    public double Add(TimeSpan at, long count)
    {
        _readings.Enqueue((at, count));
        // The oldest reading stays until the next one is old enough itself, so the window is always full.
        while (_readings.Count > 2 && at - _readings.ElementAt(1).At >= window)
        {
            _readings.Dequeue();
        }
        (TimeSpan start, long first) = _readings.Peek();
        return at > start ? (count - first) / (at - start).TotalSeconds : 0;
    }
}
