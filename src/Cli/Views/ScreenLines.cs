using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Engine.Alerts;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>What a run shows where there is no room for boxes: one line a number, of any width.</summary>
internal static class ScreenLines
{
    private const int NameCells = 13;

    /// <summary>The lines of one snapshot, the most important with the lowest ranks.</summary>
    public static IEnumerable<ScreenLine> Of(RunSnapshot at, int width) => [.. Counts(at), .. Scores(at.Scores), .. Overdue(at, width)];

    private static IEnumerable<ScreenLine> Counts(RunSnapshot at)
    {
        yield return Number("streams", Format.Count(at.Status.Streams), 1);
        yield return Number("events", Format.Count(at.Status.EventsApplied), 1);
        yield return Number("events/s", Format.Rate(at.EventsPerSecond), 2);
        yield return Number("lag", Format.Duration(at.Status.LagSeconds), 2);
        if (at.AppendLatency is { } latency)
        {
            yield return Number("last append", Format.Duration(latency.TotalSeconds), 5);
        }
        yield return Number("dead letters", Format.Count(at.Status.DeadLetters), 3);
        yield return Number("up", Format.Uptime(at.Uptime), 5);
    }

    private static IEnumerable<ScreenLine> Scores(Scoreboard? scores)
    {
        if (scores is not { Live: { Events: > 0 } live })
        {
            yield break;
        }
        yield return new ScreenLine("nats per event", 3, Color.Grey);
        yield return Number("  live", Format.Nats(-live.Joint / live.Events), 3) with { Color = Color.Green };
        yield return Number("  naive", Format.Nats(-live.BaselineJoint / live.Events), 3);
        if (scores.Truth is { Events: > 0 } truth)
        {
            yield return Number("  truth", Format.Nats(-(truth.Time + truth.Mark) / truth.Events), 4);
        }
    }

    private static IEnumerable<ScreenLine> Overdue(RunSnapshot at, int width)
    {
        if (at.Overdue.Count == 0)
        {
            yield break;
        }
        yield return new ScreenLine("most overdue", 2, Color.Grey);
        foreach ((int place, OverdueStream stream) in at.Overdue.Index())
        {
            string numbers = $"{Format.Duration(stream.SilenceSeconds),10}";
            numbers += width < 40 ? "" : $"  {Format.OneIn(stream.LogSurvival)}";
            string key = OneLine.Cut(OneLine.Of(stream.Stream), Math.Max(1, width - 2 - numbers.Length));
            Color color = at.Unplugged.Contains(stream.Stream) ? Color.Yellow : Color.Default;
            yield return new ScreenLine($"  {key}{numbers}", place == 0 ? 2 : 4, color);
        }
    }

    private static ScreenLine Number(string name, string value, int rank) =>
        new($"{OneLine.Fill(name, NameCells)}{value}", rank, Color.Default);
}
