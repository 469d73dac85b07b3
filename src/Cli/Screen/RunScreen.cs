using Foretell.Cli.Demo;
using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Engine.Events;
using Foretell.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Foretell.Cli.Screen;

/// <summary>Shows a running host until Ctrl-C, and what it leaves behind.</summary>
internal static class RunScreen
{
    /// <summary>Log lines go to standard error where lines are printed, and to the screen's own corner where there is a screen.</summary>
    public static void ConfigureLogging(ILoggingBuilder logging, bool plain, RecentWarnings warnings)
    {
        if (plain)
        {
            logging.AddSimpleConsole(o =>
                (o.SingleLine, o.TimestampFormat, o.UseUtcTimestamp) = (true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ", true));
            logging.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        }
        else
        {
            logging.AddProvider(warnings);
        }
    }

    /// <summary>Runs the demo's feed, if any, and shows the host until cancelled.</summary>
    public static async Task ShowAsync(IRunTarget target, IReadOnlyList<string> addresses, DemoSender? demo,
        bool plain, RecentWarnings warnings, string title, CancellationToken cancellation)
    {
        string address = addresses[0];
        Terminal.WriteLine($"listening on {string.Join(" and ", addresses)} (explorer at {address}/docs)");
        IRunView view = plain ? new PlainView() : new LiveView(title, [("API", address), ("explorer", $"{address}/docs")], warnings);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task feed = demo?.RunAsync(stop.Token) ?? Task.Delay(Timeout.Infinite, stop.Token);
        Task show = view.ShowAsync(Snapshots.TakeAsync(target, demo, view.Interval, view.OverdueRows, stop.Token));
        Task first = await Task.WhenAny(feed, show);
        await stop.CancelAsync();
        await Task.WhenAll(feed, show).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancellation.IsCancellationRequested)
        {
            // Nobody asked for the end, so one of the two has failed: say why.
            await first;
        }

        PlatformStatus status = await target.StatusAsync(Position.None, CancellationToken.None);
        Terminal.WriteLine(
            $"stopping with a last commit: {Format.Count(status.EventsApplied)} events in {Format.Count(status.Streams)} streams.");
    }
}
