using Foretell.Engine.Events;

namespace Foretell.Engine.Alerts;

/// <summary>Which overdue streams are asked for.</summary>
/// <param name="AtTicks">Silence counts up to here (<see cref="EventTime"/>).</param>
/// <param name="Limit">Most streams to name.</param>
public sealed record OverdueQuestion(long AtTicks, int Limit)
{
    /// <summary>Probability of being gone for good from which on a stream is left out: it comes back with less than 0.01, however
    /// long one waits (docs/decisions/0015-some-never-come-back.md).</summary>
    public const double SurelyGone = 0.99;

    /// <summary>How the streams' keys begin.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Only streams whose last event is later than this (<see cref="EventTime"/>).</summary>
    public long NewerThanTicks { get; init; } = long.MinValue;

    /// <summary>Whether to name streams, too, that are surely gone; without effect where the model does not tell.</summary>
    public bool WithGone { get; init; }
}
