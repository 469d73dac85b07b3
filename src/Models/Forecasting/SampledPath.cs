namespace Foretell.Models.Forecasting;

/// <summary>One possible future of a stream.</summary>
/// <param name="Events">Its events within the horizon, in order.</param>
/// <param name="Until">Seconds from now up to which it was followed: the horizon, or its last event where the steps ran out.</param>
public sealed record SampledPath(IReadOnlyList<SampledEvent> Events, double Until);

/// <summary>One event of a sampled path.</summary>
/// <param name="Seconds">Seconds from now.</param>
/// <param name="Mark">Its mark; "" where the model has no marks.</param>
public readonly record struct SampledEvent(double Seconds, string Mark)
{
    /// <summary>Its values in the model's order, NaN for one that it has not; null where the model forecasts none.</summary>
    public IReadOnlyList<double>? Values { get; init; }

    /// <summary>Probability that each watched mark had before this event's was drawn; null where none is watched.</summary>
    internal double[]? Chances { get; init; }
}
