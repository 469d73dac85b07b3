using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Foretell.Cli.Views;

/// <summary>A screen that redraws itself: counts, scores and the most overdue streams, in whatever room the terminal has.</summary>
/// <param name="title">First line: what runs.</param>
/// <param name="addresses">What can be opened where, name and address.</param>
/// <param name="log">The log, whose latest lines have no other place on this screen.</param>
internal sealed class LiveView(string title, IReadOnlyList<(string Name, string Address)> addresses, HostLog log) : IRunView
{
    /// <summary>Rows that everything but the overdue streams takes; a terminal of 24 rows has to hold the screen.</summary>
    private const int RowsOfTheRest = 16;

    private const int MostProblemRows = 4;

    public TimeSpan Interval => TimeSpan.FromMilliseconds(500);

    public int OverdueRows => Math.Clamp(Terminal.Out.Profile.Height - RowsOfTheRest, 3, 10);

    public Task ShowAsync(IAsyncEnumerable<RunSnapshot> snapshots) =>
        Terminal.Out.Live(new Text("starting...")).AutoClear(false).StartAsync(async live =>
        {
            await foreach (RunSnapshot snapshot in snapshots)
            {
                live.UpdateTarget(Render(snapshot, Terminal.Out.Profile.Width, Terminal.Out.Profile.Height));
                live.Refresh();
            }
        });

    /// <summary>The whole screen for one snapshot.</summary>
    /// <param name="at">What it shows.</param>
    /// <param name="width">Columns of the terminal.</param>
    /// <param name="height">Its rows; the screen leaves the last one to the cursor.</param>
    internal IRenderable Render(RunSnapshot at, int width, int height)
    {
        List<ScreenLine> foot = [.. Foot(at, width)];
        string name = OneLine.Cut(title, width), phase = OneLine.Cut($"  {at.Phase}", width - name.Length);
        IRenderable first = new Markup($"[bold]{Terminal.Escape(name)}[/][green]{Terminal.Escape(phase)}[/]");
        int rows = height - 2;
        if (ScreenBoxes.Of(at, width, rows - foot.Count) is { } boxes)
        {
            return new Rows([first, .. boxes, .. foot.Select(line => line.Render(width))]);
        }
        return new Rows([first, .. ScreenLine.Fit([.. ScreenLines.Of(at, width), .. foot], rows).Select(line => line.Render(width))]);
    }

    private IEnumerable<ScreenLine> Foot(RunSnapshot at, int width)
    {
        foreach (string line in at.Status.Problems.SelectMany(problem => OneLine.Wrap(OneLine.Of(problem), width).Take(MostProblemRows)))
        {
            yield return new ScreenLine(line, 0, Color.Red);
        }
        if (at.Silos.Count > 0)
        {
            yield return new ScreenLine(string.Join("  ", at.Silos.Select(Describe)), 1, Color.Default);
        }
        foreach (string line in log.Lines)
        {
            yield return new ScreenLine(line, 2, Color.Yellow);
        }
        if (log.FullText is { } file)
        {
            yield return new ScreenLine($"log  {file}", 4, Color.Grey);
        }
        string all = string.Join("   ", addresses.Select(a => $"{a.Name} {a.Address}"));
        IEnumerable<string> lines = all.Length <= width ? [all] : addresses.Select(a => width < 40 ? a.Address : $"{a.Name} {a.Address}");
        foreach ((int place, string line) in lines.Index())
        {
            yield return new ScreenLine(line, place == 0 ? 1 : 3, Color.Default);
        }
        yield return new ScreenLine("Ctrl-C stops, after a last commit", 1, Color.Grey);
    }

    private static string Describe(SiloState silo) => silo.Health switch
    {
        SiloHealth.Gone => $"{silo.Name} gone",
        SiloHealth.Silent => $"{silo.Name} silent",
        _ => silo.Name,
    };
}
