using System.Text;
using Foretell.Engine.Events;

namespace Foretell.Ingest.Simulation;

/// <summary>A simulated event with the truth that a forecast of it can be measured by.</summary>
/// <param name="Stream">Stream key.</param>
/// <param name="Ordinal">Events of the stream before this one; 0 marks the first, which nothing forecasts.</param>
/// <param name="TimeTicks">Event time (<see cref="EventTime"/>).</param>
/// <param name="Mark">Mark.</param>
/// <param name="LogDensity">True log density of the gap since the stream's previous event, nats per second; where streams end,
/// times the probability that this one had not. 0 for a first event.</param>
/// <param name="LogMark">True log probability of the mark given history and gap, nats; 0 for a first event.</param>
/// <param name="Never">True probability that no event of the stream follows, as it stands with this one; 0 where streams do not
/// end.</param>
/// <param name="IsLast">Whether none follows.</param>
public readonly record struct SimulatedEvent(
    string Stream, long Ordinal, long TimeTicks, string Mark, double LogDensity, double LogMark, double Never = 0, bool IsLast = false)
{
    /// <summary>Event time in Unix seconds.</summary>
    public double TimeSeconds => TimeTicks / (double)EventTime.PerSecond;

    /// <summary>Adds the event to a batch.</summary>
    public void AddTo(EventBatch batch)
    {
        Span<byte> stream = stackalloc byte[EventBatch.MaxTextBytes];
        Span<byte> mark = stackalloc byte[EventBatch.MaxTextBytes];
        batch.TryAdd(stream[..Encoding.UTF8.GetBytes(Stream, stream)], TimeTicks, mark[..Encoding.UTF8.GetBytes(Mark, mark)], default);
    }
}
