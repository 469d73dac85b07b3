using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Engine.Alerts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Foretell.Cli.Views;

/// <summary>What a run shows where there is room: counts and scores in boxes, side by side or one below the other, and the most
/// overdue streams.</summary>
internal static class ScreenBoxes
{
    /// <summary>Columns that the overdue streams need, and those from which on their note is spelt out.</summary>
    private const int LeastWidth = 60, FullWidth = 80;

    // Frames, headings and lines of counts, scores and overdue streams, the latter without the streams.
    private const int CountRows = 9, ScoreRows = 6, OverdueRows = 3;

    private const int CountGap = 2, ScoreGap = 2;

    private const string Live = "live forecasts";

    /// <summary>The boxes; null where they do not fit.</summary>
    /// <param name="at">What they show.</param>
    /// <param name="width">Columns.</param>
    /// <param name="rows">Rows that they may take.</param>
    public static IReadOnlyList<IRenderable>? Of(RunSnapshot at, int width, int rows)
    {
        string[][] counts = Counts(at), scores = Scores(at.Scores);
        string title = at.Scores is { Live.Events: > 0 and var scored } ? $"nats per event, over {Format.Count(scored)}" : "nats per event";
        int left = Width("now", counts, CountGap), right = Width(title, scores, ScoreGap);
        bool isBeside = left + right <= width;
        int room = rows - OverdueRows - (isBeside ? CountRows : CountRows + ScoreRows);
        if (width < Math.Max(LeastWidth, Math.Max(left, right)) || room < 1)
        {
            return null;
        }
        Panel now = Box("now", Table(counts, CountGap, isNumbers: false)), nats = Box(title, Table(scores, ScoreGap, isNumbers: true));
        Panel overdue = Box("most overdue streams", Overdue(at, Math.Min(room, at.Overdue.Count), width));
        int gap = left + right + 2 <= width ? 1 : 0;
        return isBeside ? [new Columns(now, nats) { Expand = false, Padding = new Padding(0, 0, gap, 0) }, overdue] : [now, nats, overdue];
    }

    private static Panel Box(string header, IRenderable content) =>
        new Panel(content).Header($"[bold] {Terminal.Escape(header)} [/]").RoundedBorder().BorderColor(Color.Grey);

    /// <summary>Columns of a box around such a table.</summary>
    private static int Width(string header, string[][] rows, int gap)
    {
        int cells = rows[0].Select((_, column) => rows.Max(row => row[column].GetCellWidth())).Sum() + gap * (rows[0].Length - 1);
        return Math.Max(cells, header.Length + 2) + 4;
    }

    private static Table Table(string[][] rows, int gap, bool isNumbers)
    {
        Table table = new Table().Border(TableBorder.None).HideHeaders();
        for (int column = 0; column < rows[0].Length; column++)
        {
            bool isLast = column == rows[0].Length - 1;
            table.AddColumn(new TableColumn("")
            {
                NoWrap = true,
                Alignment = isNumbers && column > 0 ? Justify.Right : Justify.Left,
                Padding = new Padding(0, 0, isLast ? 0 : gap, 0),
            });
        }
        foreach (string[] row in rows)
        {
            table.AddRow(row.Select(cell => new Text(cell, new Style(isNumbers && row[0] == Live ? Color.Green : Color.Default))));
        }
        return table;
    }

    private static string[][] Counts(RunSnapshot at) =>
    [
        ["streams", Format.Count(at.Status.Streams)],
        ["events", Format.Count(at.Status.EventsApplied)],
        ["events/s", Format.Rate(at.EventsPerSecond)],
        ["lag", $"{Format.Count(at.Status.LagEvents, "event")}, {Format.Duration(at.Status.LagSeconds)}"],
        .. at.AppendLatency is { } latency ? new[] { new[] { "last append", Format.Duration(latency.TotalSeconds) } } : [],
        ["dead letters", Format.Count(at.Status.DeadLetters)],
        ["up", Format.Uptime(at.Uptime)],
    ];

    private static string[][] Scores(Scoreboard? scores)
    {
        if (scores is not { Live: { Events: > 0 } live })
        {
            return [["no event scored yet:"], ["a stream's first only starts it"]];
        }
        List<string[]> rows =
        [
            ["lower is better", "joint", "time", "mark"],
            Score(Live, live.Events, live.Time, live.Mark, live.Value),
            Score("naive baseline", live.Events, live.BaselineTime, live.BaselineMark, live.BaselineValue),
        ];
        if (scores.Truth is { Events: > 0 } truth)
        {
            rows.Add(Score("truth", truth.Events, truth.Time, truth.Mark));
        }
        return [.. rows];
    }

    private static string[] Score(string name, long events, double time, double mark, double value = 0) =>
        [name, Format.Nats(-(time + mark + value) / events), Format.Nats(-time / events), Format.Nats(-mark / events)];

    private static IRenderable Overdue(RunSnapshot at, int rows, int width)
    {
        if (rows == 0)
        {
            return new Markup("[grey]none yet[/]");
        }
        string note = at.Unplugged.Count == 0 ? "" : width < FullWidth ? "unplugged" : "unplugged by the demo";
        // The other columns with what stands between them; a long key must not push them out.
        int key = width - 42 - note.Length;
        Table table = Tables.Numbers("stream", ["silent for", "so long a silence", .. note.Length == 0 ? Array.Empty<string>() : [""]]).Compact();
        foreach (OverdueStream stream in at.Overdue.Take(rows))
        {
            List<string> cells = [Terminal.Escape(OneLine.Cut(OneLine.Of(stream.Stream), key)), Format.Duration(stream.SilenceSeconds),
                Format.OneIn(stream.LogSurvival)];
            if (note.Length > 0)
            {
                cells.Add(at.Unplugged.Contains(stream.Stream) ? $"[yellow]{note}[/]" : "");
            }
            table.AddRow([.. cells]);
        }
        return table;
    }
}
