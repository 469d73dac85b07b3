using System.Collections.Immutable;
using Foretell.Engine.Alerts;
using Foretell.Engine.Shards;
using Foretell.Hosting;

namespace Foretell.Cli.Running;

/// <summary>What a running host looks like at one moment, for the terminal.</summary>
internal sealed record RunSnapshot
{
    /// <summary>What it is doing, a few words: "live", "loading 12,000 events of history".</summary>
    public required string Phase { get; init; }

    /// <summary>Time since the start.</summary>
    public required TimeSpan Uptime { get; init; }

    /// <summary>Counts, lag and health.</summary>
    public required PlatformStatus Status { get; init; }

    /// <summary>Events applied a second, over the last few seconds.</summary>
    public required double EventsPerSecond { get; init; }

    /// <summary>The scores of the forecasts beside their yardsticks, or null before the first.</summary>
    public Scoreboard? Scores { get; init; }

    /// <summary>How long the latest append took to be durable; null where this process appends nothing itself.</summary>
    public TimeSpan? AppendLatency { get; init; }

    /// <summary>The streams whose silence is least likely.</summary>
    public IReadOnlyList<OverdueStream> Overdue { get; init; } = [];

    /// <summary>The cluster's silos; empty where one process does it all.</summary>
    public IReadOnlyList<SiloState> Silos { get; init; } = [];

    /// <summary>Streams that the demo has cut off itself.</summary>
    public ImmutableHashSet<string> Unplugged { get; init; } = [];
}

/// <summary>Sums of scores over the same events: the model's, the history-free baseline's and, where it is known, the truth's.</summary>
/// <param name="Live">The platform's sums.</param>
/// <param name="Truth">The simulator's sums, or null where nobody knows the truth.</param>
internal sealed record Scoreboard(ScoreTotals Live, TruthTotals? Truth);

/// <summary>Log-likelihood of events under the process that made them, nats.</summary>
/// <param name="Events">Events summed over; first events of a stream are not scored.</param>
/// <param name="Time">Sum for the inter-event times.</param>
/// <param name="Mark">Sum for the marks given the gaps.</param>
internal readonly record struct TruthTotals(long Events, double Time, double Mark);
