using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Engine.Alerts;
using Foretell.Engine.Shards;
using Foretell.Hosting;

namespace Foretell.Cli.Views;

/// <summary>One line every few seconds while something changes, for logs and pipes.</summary>
internal sealed class PlainView : IRunView
{
    public TimeSpan Interval => TimeSpan.FromSeconds(5);

    public int OverdueRows => 1;

    public async Task ShowAsync(IAsyncEnumerable<RunSnapshot> snapshots)
    {
        (string, long, long, long, long, long, string)? shown = null;
        IReadOnlyList<SiloState> silos = [];
        await foreach (RunSnapshot snapshot in snapshots)
        {
            foreach (string line in News(silos, snapshot.Silos))
            {
                Terminal.WriteLine(line);
            }
            silos = snapshot.Silos;
            // An idle host need not say so every few seconds. A cluster's counts come from several silos: one may lag behind another.
            PlatformStatus status = snapshot.Status;
            var seen = (snapshot.Phase, status.Streams, status.EventsApplied, status.LagEvents, status.DeadLetters,
                snapshot.Scores?.Live.Events ?? 0, string.Join(' ', status.Problems));
            if (shown != seen)
            {
                shown = seen;
                Terminal.WriteLine(Line(snapshot));
            }
        }
    }

    /// <summary>What has to be said of a cluster's silos: their process ids first, later which one serves again.</summary>
    internal static IEnumerable<string> News(IReadOnlyList<SiloState> before, IReadOnlyList<SiloState> now) =>
        before.Count == 0
            ? now.Count == 0 ? [] : [string.Join(", ", now.Select(silo => silo.Name))]
            : now.Where(silo => silo.Health == SiloHealth.Serving && !before.Contains(silo)).Select(silo => $"{silo.Name} answers again.");

    /// <summary>Everything that matters of one snapshot in one line.</summary>
    internal static string Line(RunSnapshot at)
    {
        PlatformStatus status = at.Status;
        string line = $"{at.Phase}: {Format.Count(status.Streams, "stream")}, {Format.Count(status.EventsApplied, "event")}, " +
            $"{Format.Rate(at.EventsPerSecond)} events/s, lag {Format.Count(status.LagEvents, "event")} ({Format.Duration(status.LagSeconds)})";
        if (status.DeadLetters > 0)
        {
            line += $", {Format.Count(status.DeadLetters)} dead letters";
        }
        if (at.Scores is { Live.Events: > 0 } scores)
        {
            ScoreTotals live = scores.Live;
            line += $", NLL {Format.Nats(-live.Joint / live.Events)}" +
                $" (naive {Format.Nats(-live.BaselineJoint / live.Events)}";
            if (scores.Truth is { Events: > 0 } truth)
            {
                line += $", truth {Format.Nats(-(truth.Time + truth.Mark) / truth.Events)}";
            }
            line += ")";
        }
        if (at.Overdue is [OverdueStream first, ..])
        {
            line += $", most overdue {first.Stream} (silent {Format.Duration(first.SilenceSeconds)}, {Format.OneIn(first.LogSurvival)})";
        }
        if (at.AppendLatency is { } latency)
        {
            line += $", append {Format.Duration(latency.TotalSeconds)}";
        }
        return status.Problems.Count == 0 ? line : $"{line}, PROBLEM: {string.Join(' ', status.Problems)}";
    }
}
