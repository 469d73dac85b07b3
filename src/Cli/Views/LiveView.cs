using Foretell.Cli.Hosting;
using Foretell.Streams;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Foretell.Cli.Views;

/// <summary>A screen that redraws itself: counts, scores and the most overdue streams.</summary>
/// <param name="title">First line: what runs.</param>
/// <param name="addresses">What can be opened where, name and address.</param>
/// <param name="warnings">The log's latest warnings, which have no other place on this screen.</param>
internal sealed class LiveView(string title, IReadOnlyList<(string Name, string Address)> addresses, RecentWarnings warnings) : IRunView
{
    public TimeSpan Interval => TimeSpan.FromMilliseconds(500);

    public int OverdueRows => Math.Clamp(Terminal.Out.Profile.Height - 22, 3, 10);

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
        var rows = new List<IRenderable> { new Markup($"[bold]{Markup.Escape(title)}[/]  [grey]{Markup.Escape(at.Phase)}[/]") };
        rows.Add(new Columns(Panel("now", Counts(at)), Panel("nats per event, lower is better", Scores(at.Scores))) { Expand = false });
        rows.Add(Panel("most overdue streams", Overdue(at)));
        rows.AddRange(at.Status.Problems.Select(p => new Markup($"[red]{Markup.Escape(p)}[/]")));
        rows.AddRange(warnings.Lines.Select(l => new Markup($"[yellow]{Markup.Escape(l)}[/]")));
        rows.Add(Links());
        return new Rows(rows);
    }

    private static Panel Panel(string header, IRenderable content) =>
        new Panel(content).Header($"[bold] {Markup.Escape(header)} [/]").RoundedBorder().BorderColor(Color.Grey);

    private static Table Counts(RunSnapshot at)
    {
        PlatformStatus status = at.Status;
        Table table = Tables.KeyValue()
            .AddRow("streams", Format.Count(status.Streams))
            .AddRow("events", Format.Count(status.EventsApplied))
            .AddRow("events/s", Format.Rate(at.EventsPerSecond))
            .AddRow("lag", $"{Format.Count(status.LagEvents)} events, {Durations.Show(status.LagSeconds)}")
            .AddRow("last append", at.AppendLatency is { } latency ? Durations.Show(latency.TotalSeconds) : "-")
            .AddRow("dead letters", Format.Count(status.DeadLetters));
        return table.AddRow("up", at.Uptime.ToString(@"d\.hh\:mm\:ss").Replace("0.", "", StringComparison.Ordinal));
    }

    private static IRenderable Scores(Scoreboard? scores)
    {
        if (scores is not { Live.Events: > 0 })
        {
            return new Markup("[grey]no event scored yet: the first\nof a stream only starts it[/]");
        }
        ScoreTotals live = scores.Live;
        Table table = Tables.Numbers("", "joint", "time", "mark");
        AddScore(table, "[green]live forecasts[/]", live.Events, live.Time, live.Mark);
        AddScore(table, "naive (no history)", live.Events, live.BaselineTime, live.BaselineMark);
        if (scores.Truth is { Events: > 0 } truth)
        {
            AddScore(table, "truth", truth.Events, truth.Time, truth.Mark);
        }
        table.Caption($"over {Format.Count(live.Events)} events since the start");
        return table;
    }

    private static void AddScore(Table table, string name, long events, double time, double mark) =>
        table.AddRow(name, Format.Nats(-(time + mark) / events), Format.Nats(-time / events), Format.Nats(-mark / events));

    private static IRenderable Overdue(RunSnapshot at)
    {
        if (at.Overdue.Count == 0)
        {
            return new Markup("[grey]no stream yet[/]");
        }
        Table table = Tables.Numbers("stream", "silent for", "so long a silence", "last event", "");
        foreach (OverdueStream stream in at.Overdue)
        {
            table.AddRow(Markup.Escape(stream.Stream), Durations.Show(stream.SilenceSeconds), Format.OneIn(stream.LogSurvival),
                Format.Time(EventTime.ToDateTimeOffset(stream.LastEventTicks)),
                at.Unplugged.Contains(stream.Stream) ? "[yellow]unplugged by the demo[/]" : "");
        }
        return table;
    }

    private Grid Links()
    {
        Grid grid = new Grid().AddColumn().AddColumn();
        foreach ((string name, string address) in addresses)
        {
            grid.AddRow(new Markup(Markup.Escape(name)), new Markup($"[link]{Markup.Escape(address)}[/]"));
        }
        return grid.AddRow(new Markup("[grey]Ctrl-C[/]"), new Markup("[grey]stops, after a last commit[/]"));
    }
}
