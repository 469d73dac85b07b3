using Foretell.Engine.Events;

namespace Foretell.Engine.Feeds;

/// <summary>A stream's state right after one of its events. Whoever reads it computes the forecast that he wants from the state.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="Partition">Partition of the log.</param>
/// <param name="Sequence">Sequence number of the event within it.</param>
/// <param name="Events">Events applied, this one included.</param>
/// <param name="LastEventTicks">Time of the latest event (<see cref="EventTime"/>).</param>
/// <param name="State">Copy of the row's floats, with its tail where states grow, and with what its streams share in it.</param>
public sealed record ForecastChange(string Stream, int Partition, long Sequence, long Events, long LastEventTicks, float[] State);
