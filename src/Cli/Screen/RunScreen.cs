using Foretell.Cli.Demo;
using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Engine.Events;
using Foretell.Hosting;

namespace Foretell.Cli.Screen;

/// <summary>Shows a running host until Ctrl-C, and what it leaves behind.</summary>
internal static class RunScreen
{
    // Longer than a screen takes to be drawn once more, and a platform to tell its counts.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>The log of a run: printed line by line where lines are printed, else shown in the screen's own corner.</summary>
    /// <param name="file">Takes the entries' full texts.</param>
    /// <param name="plain">Whether lines are printed.</param>
    public static HostLog Log(string file, bool plain) => new(new LogFile(file), plain ? Terminal.WriteNote : null);

    /// <summary>Runs the demo's feed, if any, and shows the host until cancelled.</summary>
    public static async Task ShowAsync(IRunTarget target, IReadOnlyList<string> addresses, DemoSender? demo,
        bool plain, HostLog log, string title, CancellationToken cancellation)
    {
        string address = addresses[0];
        Terminal.WriteLine($"listening on {string.Join(" and ", addresses)} (explorer at {address}/docs)");
        IRunView view = plain ? new PlainView() : new LiveView(title, [("API", address), ("explorer", $"{address}/docs")], log);
        await ShowAsync(target, demo, view, cancellation);
        if (!plain && log.FullText is { } file)
        {
            Terminal.WriteLine($"the log's full texts are in {file}");
        }
    }

    /// <summary>The same in a given view.</summary>
    internal static async Task ShowAsync(IRunTarget target, DemoSender? demo, IRunView view, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task feed = demo?.RunAsync(stop.Token) ?? Task.Delay(Timeout.Infinite, stop.Token);
        // On a thread of its own: a layout that takes for ever must hold neither the feed nor the end.
        Task show = Task.Run(() => view.ShowAsync(Snapshots.TakeAsync(target, demo, view.Interval, view.OverdueRows, stop.Token)));
        Task first = await Task.WhenAny(feed, show);
        await stop.CancelAsync();
        await feed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (await Task.WhenAny(show, Task.Delay(s_patience, CancellationToken.None)) != show)
        {
            Terminal.LeaveScreen();
        }
        if (!cancellation.IsCancellationRequested)
        {
            // Nobody asked for the end, so one of the two has failed: say why.
            await first;
        }

        Terminal.WriteLine($"stopping with a last commit{await CountsAsync(target)}.");
    }

    /// <summary>What it comes to; nothing where the platform does not say so in time.</summary>
    private static async Task<string> CountsAsync(IRunTarget target)
    {
        using var limit = new CancellationTokenSource(s_patience);
        try
        {
            PlatformStatus status = await target.StatusAsync(Position.None, limit.Token);
            return $": {Format.Count(status.EventsApplied, "event")} in {Format.Count(status.Streams, "stream")}";
        }
        catch (OperationCanceledException)
        {
            return "";
        }
    }
}
