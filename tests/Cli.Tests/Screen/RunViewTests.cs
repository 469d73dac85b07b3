using Foretell.Cli.Running;
using Foretell.Cli.Screen;
using Foretell.Cli.Views;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Shards;
using Foretell.Hosting;
using Foretell.Models.Network;
using Foretell.Support;
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

    /// <summary>Names and texts as long, wide and hostile as they may be.</summary>
    private static readonly RunSnapshot s_awkward = s_snapshot with
    {
        Phase = "loading 20 minutes of history, 42 %",
        Overdue =
        [
            new OverdueStream("machine-" + new string('x', 248), 0, 600, -9), new OverdueStream("機械-" + new string('機', 80), 0, 1e9, -5e5),
            new OverdueStream("\e[2Jbad\r\n[/]", 0, 0, 0), .. Enumerable.Repeat(new OverdueStream("[red]", 0, 6000, -1e-9), 7),
        ],
        Status = s_snapshot.Status with { Problems = ["The disk is full.", "The\nlog\x1bcannot " + string.Join(' ', Enumerable.Repeat("be written", 30))] },
        Silos = [.. Enumerable.Range(1, 16).Select(i => new SiloState($"silo {i} (pid {4_000_000 + i})", (SiloHealth)(i % 3)))],
    };

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

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
        string text = Screen(s_snapshot, 80, 24);

        foreach (string part in new[]
        {
            "Foretell demo", "live", "1,234", "56,789", "4,321", "5 events, 250 ms", "2 ms", "00:01:15",
            "4.7050", "4.1050", "0.6000", "5.2000", "4.5900", "over 100",
            "machine-[7]", "10 min", "1 in 8,103", "unplugged by the demo", "The disk is full.", "http://127.0.0.1:5080/docs", "Ctrl-C",
        })
        {
            Assert.Contains(part, text);
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(50)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public void Screen_WhenTheTerminalIsNarrow_StillHoldsWhatMattersMost(int width)
    {
        string text = Screen(s_awkward, width, 50);

        foreach (string part in new[] { "1,234", "56,789", "4.7050", "5.2000", "mach", "10 min", "The disk", "Ctrl-C" })
        {
            Assert.Contains(part, text);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(12)]
    [InlineData(24)]
    [InlineData(50)]
    public async Task Screen_WhateverTheWidth_EndsAndFitsTheTerminal(int height)
    {
        for (int width = 1; width <= 200; width++)
        {
            foreach (RunSnapshot snapshot in new[] { s_snapshot, s_awkward, s_snapshot with { Overdue = [], Scores = null } })
            {
                // A layout that never ends fails the test instead of holding it.
                string text = await Task.Run(() => Screen(snapshot, width, height)).WaitAsync(s_limit);

                string[] lines = text.TrimEnd('\n').Split('\n');
                Assert.True(lines.Length <= Math.Max(1, height - 1), $"{lines.Length} lines in {width} x {height}:\n{text}");
                Assert.All(lines, line => Assert.True(line.TrimEnd().GetCellWidth() <= width, $"{width}: {line}"));
                Assert.DoesNotContain(text, c => char.IsControl(c) && c != '\n');
            }
        }
    }

    [Fact]
    public async Task Run_WhenItsScreenNeverEnds_EndsWithTheInterruptAllTheSame()
    {
        using var interrupt = new CancellationTokenSource();
        using var view = new StuckView();
        Task run = RunScreen.ShowAsync(new IdleTarget(), demo: null, view, interrupt.Token);
        await view.Drawing.WaitAsync(s_limit);

        await interrupt.CancelAsync();

        await run.WaitAsync(s_limit);
    }

    [Fact]
    public void PlainLines_WhenASiloComesAndGoes_NameItByItsProcess()
    {
        SiloState first = new("silo 1 (pid 11)", SiloHealth.Serving), second = new("silo 2 (pid 12)", SiloHealth.Serving);

        Assert.Equal(["silo 1 (pid 11), silo 2 (pid 12)"], PlainView.News([], [first, second]));
        Assert.Empty(PlainView.News([first, second], [first, second with { Health = SiloHealth.Silent }]));
        Assert.Equal(["silo 2 (pid 12) answers again."],
            PlainView.News([first, second with { Health = SiloHealth.Silent }], [first, second]));
    }

    [Fact]
    public void Screen_WhenASiloIsGone_SaysWhich()
    {
        RunSnapshot snapshot = s_snapshot with
        {
            Silos = [new("silo 1 (pid 11)", SiloHealth.Gone), new("silo 2 (pid 12)", SiloHealth.Serving), new("silo 3 (pid 13)", SiloHealth.Silent)],
        };

        Assert.Contains("silo 1 (pid 11) gone  silo 2 (pid 12)  silo 3 (pid 13) silent", Screen(snapshot, 80, 24));
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

    private static string Screen(RunSnapshot snapshot, int width, int height)
    {
        var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
        });
        console.Profile.Width = width;
        using var folder = new TemporaryFolder();
        using var log = new HostLog(new LogFile(folder.At("run.log")));
        log.Add("silo 2", "12:00:00.123 warn: Orleans.Runtime[100] Partition 3 is away. System.IO.IOException: gone    at A.B(C c) in x.cs");
        var view = new LiveView("Foretell demo", [("API", "http://127.0.0.1:5080"), ("explorer", "http://127.0.0.1:5080/docs")], log);
        console.Write(view.Render(snapshot, width, height));
        return text.ToString();
    }

    /// <summary>A view whose drawing takes for ever.</summary>
    private sealed class StuckView : IRunView, IDisposable
    {
        private readonly TaskCompletionSource _drawing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _end = new();

        public TimeSpan Interval => TimeSpan.FromMilliseconds(1);

        public int OverdueRows => 1;

        public Task Drawing => _drawing.Task;

        public async Task ShowAsync(IAsyncEnumerable<RunSnapshot> snapshots)
        {
            await foreach (RunSnapshot _ in snapshots)
            {
                _drawing.TrySetResult();
                _end.Wait();
            }
        }

        public void Dispose() => _end.Set();
    }

    /// <summary>A platform to which nothing happens.</summary>
    private sealed class IdleTarget : IRunTarget
    {
        public ForecastModel Model => throw new NotSupportedException();

        public Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public Task<PlatformStatus> StatusAsync(Position after, CancellationToken cancellation) => Task.FromResult(new PlatformStatus());

        public Task<IReadOnlyList<OverdueStream>> OverdueAsync(int limit, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<OverdueStream>>([]);

        public Task<(string? Reason, string? Detail)> NewestDeadLetterAsync(CancellationToken cancellation) =>
            throw new NotSupportedException();

        public Task<PlatformStatus> DrainAsync(CancellationToken cancellation) => throw new NotSupportedException();

        public Task<string> StateDigestAsync(CancellationToken cancellation) => throw new NotSupportedException();

        public IReadOnlyList<SiloState> Silos() => [];

        public IReadOnlyList<ProcessCpu> Cpu() => [];
    }
}
