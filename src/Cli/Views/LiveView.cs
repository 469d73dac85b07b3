using System.Globalization;
using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Engine.Alerts;
using Foretell.Engine.Shards;
using Foretell.Hosting;
using Foretell.Web.Http;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Foretell.Cli.Views;

/// <summary>A screen that redraws itself: counts, scores and the most overdue streams.</summary>
/// <param name="title">First line: what runs.</param>
/// <param name="addresses">What can be opened where, name and address.</param>
/// <param name="warnings">The log's latest warnings, which have no other place on this screen.</param>
internal sealed class LiveView(string title, IReadOnlyList<(string Name, string Address)> addresses, RecentWarnings warnings) : IRunView
{
    /// <summary>Rows that everything but the overdue streams takes; a terminal of 24 rows has to hold the screen.</summary>
    private const int RowsOfTheRest = 16;

    public TimeSpan Interval => TimeSpan.FromMilliseconds(500);

    public int OverdueRows => Math.Clamp(Terminal.Out.Profile.Height - RowsOfTheRest, 3, 10);

    public Task ShowAsync(IAsyncEnumerable<RunSnapshot> snapshots) =>
        Terminal.Out.Live(new Text("starting...")).AutoClear(false).StartAsync(async live =>
        {
            await foreach (RunSnapshot snapshot in snapshots)
            {
                live.UpdateTarget(Render(snapshot));
                live.Refresh();
            }
        });

    /// <summary>The whole screen for one snapshot.</summary>
    internal IRenderable Render(RunSnapshot at)
    {
        var rows = new List<IRenderable>
        {
            new Markup($"[bold]{Terminal.Escape(title)}[/]  [green]{Terminal.Escape(at.Phase)}[/]"),
            new Columns(Panel("now", Counts(at)), Panel(ScoresTitle(at.Scores), Scores(at.Scores))) { Expand = false },
            Panel("most overdue streams", Overdue(at)),
        };
        rows.AddRange(at.Status.Problems.Select(p => new Markup($"[red]{Terminal.Escape(p)}[/]")));
        rows.AddRange(warnings.Lines.Select(l => new Markup($"[yellow]{Terminal.Escape(l)}[/]")));
        rows.Add(new Markup(string.Join("   ", addresses.Select(a => $"[grey]{Terminal.Escape(a.Name)}[/] {Terminal.Escape(a.Address)}"))));
        rows.Add(new Markup("[grey]Ctrl-C stops, after a last commit[/]"));
        return new Rows(rows);
    }

    private static Panel Panel(string header, IRenderable content) =>
        new Panel(content).Header($"[bold] {Terminal.Escape(header)} [/]").RoundedBorder().BorderColor(Color.Grey);

    private static Table Counts(RunSnapshot at)
    {
        PlatformStatus status = at.Status;
        return Tables.KeyValue()
            .AddRow("streams", Format.Count(status.Streams))
            .AddRow("events", Format.Count(status.EventsApplied))
            .AddRow("events/s", Format.Rate(at.EventsPerSecond))
            .AddRow("lag", $"{Format.Count(status.LagEvents)} events, {Format.Duration(status.LagSeconds)}")
            .AddRow("last append", at.AppendLatency is { } latency ? Format.Duration(latency.TotalSeconds) : "-")
            .AddRow("dead letters", Format.Count(status.DeadLetters))
            .AddRow("up", at.Uptime.ToString(at.Uptime.TotalDays < 1 ? @"hh\:mm\:ss" : @"d\.hh\:mm\:ss", CultureInfo.InvariantCulture));
    }

    private static string ScoresTitle(Scoreboard? scores) =>
        scores is { Live.Events: > 0 and var events } ? $"nats per event, over {Format.Count(events)}" : "nats per event";

    private static IRenderable Scores(Scoreboard? scores)
    {
        if (scores is not { Live.Events: > 0 })
        {
            return new Markup("[grey]no event scored yet:\na stream's first only starts it[/]");
        }
        ScoreTotals live = scores.Live;
        Table table = Tables.Numbers("lower is better", "joint", "time", "mark").Compact();
        AddScore(table, "[green]live forecasts[/]", live.Events, live.Time, live.Mark);
        AddScore(table, "naive baseline", live.Events, live.BaselineTime, live.BaselineMark);
        if (scores.Truth is { Events: > 0 } truth)
        {
            AddScore(table, "truth", truth.Events, truth.Time, truth.Mark);
        }
        return table;
    }

    private static void AddScore(Table table, string name, long events, double time, double mark) =>
        table.AddRow(name, Format.Nats(-(time + mark) / events), Format.Nats(-time / events), Format.Nats(-mark / events));

    private static IRenderable Overdue(RunSnapshot at)
    {
        if (at.Overdue.Count == 0)
        {
            return new Markup("[grey]none yet[/]");
        }
        Table table = Tables.Numbers("stream", "silent for", "so long a silence");
        if (at.Unplugged.Count > 0)
        {
            table.AddColumn("");
        }
        table.Compact();
        foreach (OverdueStream stream in at.Overdue)
        {
            List<string> cells = [Terminal.Escape(stream.Stream), Format.Duration(stream.SilenceSeconds), Format.OneIn(stream.LogSurvival)];
            if (at.Unplugged.Count > 0)
            {
                cells.Add(at.Unplugged.Contains(stream.Stream) ? "[yellow]unplugged by the demo[/]" : "");
            }
            table.AddRow([.. cells]);
        }
        return table;
    }
}
