namespace Foretell.Models.PointProcess;

/// <summary>The whole history of one stream, for training and evaluation.</summary>
/// <param name="Id">Stream key.</param>
/// <param name="Times">Event times in the model's time unit, non-decreasing. Shape [n].</param>
/// <param name="Marks">Mark of each event, or null where events carry none. Shape [n].</param>
public sealed record EventSequence(string Id, double[] Times, string[]? Marks)
{
    /// <summary>End of the observation, as a time of the same kind, not before the last event: up to here no further one came.
    /// Positive infinity where the stream is over and none ever comes; null when nobody says.</summary>
    public double? Until { get; init; }

    /// <summary>Numbers that events carry, by name; NaN where an event has none. Null where events carry none. Shape of each [n].</summary>
    public IReadOnlyDictionary<string, double[]>? Values { get; init; }

    /// <summary>What kind of stream it is or became; null when nobody says.</summary>
    public string? Label { get; init; }

    /// <summary>Which part of its set it belongs to, of those that take turns as what is scored; null when nobody says.</summary>
    public int? Fold { get; init; }

    /// <summary>Events at its beginning that are known already: scoring reads them and scores those behind. 0 where it begins with its
    /// first.</summary>
    public int Past { get; init; }

    /// <summary>Events from one on and before another, with all that they carry.</summary>
    internal EventSequence Slice(int from, int to) => this with
    {
        Times = Times[from..to],
        Marks = Marks?[from..to],
        Values = Values?.ToDictionary(v => v.Key, v => v.Value[from..to]),
    };

    /// <summary>Index of the first event that can be scored: behind the past, and never the very first, before which there is no
    /// gap.</summary>
    internal int FirstScored => Math.Max(1, Past);
}
