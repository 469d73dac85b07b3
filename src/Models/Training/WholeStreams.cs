using Foretell.Models.Configuration;
using Foretell.Models.PointProcess;

namespace Foretell.Models.Training;

/// <summary>Streams that are over with their last event: cases, visits, deliveries.</summary>
internal static class WholeStreams
{
    /// <summary>The same, each with an end behind which none comes.</summary>
    public static EventSequence[] Ended(IReadOnlyList<EventSequence> sequences) =>
        [.. sequences.Select(s => s with { Until = double.PositiveInfinity })];

    /// <summary>How the time from an event to the last of its stream lies.</summary>
    /// <param name="train">Streams, one of them with two events or more.</param>
    /// <param name="floor">Shorter times count as this, time units.</param>
    public static RemainingScale ScaleOf(IReadOnlyList<EventSequence> train, double floor)
    {
        double[] logs = [.. train.Where(s => s.Times.Length > 1)
            .SelectMany(s => s.Times[..^1].Select(time => Math.Log(Math.Max(s.Times[^1] - time, floor))))];
        double mean = logs.Average();
        return new RemainingScale(mean, Math.Max(Math.Sqrt(logs.Average(x => (x - mean) * (x - mean))), 1e-3));
    }
}
