using Foretell.Cli.Running;
using Foretell.Cli.Views;
using Foretell.Engine.Alerts;
using Foretell.Engine.Shards;
using Foretell.Hosting;
using Foretell.Stores.Postgres;
using Foretell.Web.Http;
using Spectre.Console;

namespace Foretell.Cli.Tests.Screen;

/// <summary>What the terminal shows of a running host, as a screen and as lines.</summary>
public sealed class RunViewTests
{
    private static readonly RunSnapshot s_snapshot = new()
    {
        Phase = "live",
        Uptime = TimeSpan.FromSeconds(75),
        Status = new PlatformStatus { Streams = 1234, EventsApplied = 56789, LagEvents = 5, LagSeconds = 0.25, DeadLetters = 3,
            Problems = ["The disk is full."] },
        EventsPerSecond = 4321,
        Scores = new Scoreboard(new ScoreTotals(100, -410.5, -60, -450, -70), new TruthTotals(100, -400, -59)),
        AppendLatency = TimeSpan.FromMilliseconds(2),
        Overdue = [new OverdueStream("machine-[7]", 0, 600, -9)],
        Unplugged = ["machine-[7]"],
    };

    [Fact]
    public void PlainLine_WhenThereIsADemo_HoldsEverythingThatMatters() => Assert.Equal(
        "live: 1,234 streams, 56,789 events, 4,321 events/s, lag 5 events (250 ms), 3 dead letters, " +
        "NLL 4.7050 (naive 5.2000, truth 4.5900), most overdue machine-[7] (silent 10 min, 1 in 8,103), append 2 ms, PROBLEM: The disk is full.",
        PlainView.Line(s_snapshot));

    [Fact]
    public void PlainLine_WhenNothingIsScoredYet_LeavesTheScoresOut()
    {
        string line =
            PlainView.Line(new RunSnapshot { Phase = "serving", Uptime = default, Status = new PlatformStatus(), EventsPerSecond = 0 });

        Assert.Equal("serving: 0 streams, 0 events, 0.0 events/s, lag 0 events (0 s)", line);
    }

    [Fact]
    public void Screen_WhenRendered_HoldsEverythingThatMatters()
    {
        var text = new StringWriter();
        IAnsiConsole console =
            AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = 80;
        var view = new LiveView("Foretell demo", [("API", "http://127.0.0.1:5080"), ("explorer", "http://127.0.0.1:5080/docs")],
            new RecentWarnings());

        console.Write(view.Render(s_snapshot));

        foreach (string part in new[]
        {
            "Foretell demo", "live", "1,234", "56,789", "4,321", "5 events, 250 ms", "2 ms", "00:01:15",
            "4.7050", "4.1050", "0.6000", "5.2000", "4.5900", "over 100",
            "machine-[7]", "10 min", "1 in 8,103", "unplugged by the demo", "The disk is full.", "http://127.0.0.1:5080/docs", "Ctrl-C",
        })
        {
            Assert.Contains(part, text.ToString());
        }
        Assert.All(text.ToString().Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));
    }

    [Fact]
    public void Rate_WhenTheCounterStandsStill_FallsToZeroWithinTheWindow()
    {
        var meter = new RateMeter(TimeSpan.FromSeconds(5));

        Assert.Equal(0, meter.Add(TimeSpan.Zero, 0));
        Assert.Equal(100, meter.Add(TimeSpan.FromSeconds(1), 100));
        Assert.Equal(50, meter.Add(TimeSpan.FromSeconds(2), 100));
        Assert.Equal(0, meter.Add(TimeSpan.FromSeconds(7), 100));
    }
}
