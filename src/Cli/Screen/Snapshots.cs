using System.Diagnostics;
using System.Runtime.CompilerServices;
using Foretell.Cli.Demo;
using Foretell.Cli.Running;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Hosting;

namespace Foretell.Cli.Screen;

/// <summary>Looks at a running platform again and again.</summary>
internal static class Snapshots
{
    /// <summary>Share of the time that may go into looking for overdue streams: that reads every row.</summary>
    private const double OverdueShare = 0.05;

    private static readonly TimeSpan s_rateWindow = TimeSpan.FromSeconds(5);

    /// <summary>Snapshots until cancelled; the last one is taken at the cancellation.</summary>
    /// <param name="target">What to look at.</param>
    /// <param name="demo">The demo that feeds it, or null.</param>
    /// <param name="interval">Time between snapshots.</param>
    /// <param name="overdueRows">Most overdue streams to name.</param>
    /// <param name="cancellation">Ends the enumeration, without an exception.</param>
    public static async IAsyncEnumerable<RunSnapshot> TakeAsync(IRunTarget target, DemoSender? demo, TimeSpan interval,
        int overdueRows, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var rate = new RateMeter(s_rateWindow);
        IReadOnlyList<OverdueStream> overdue = [];
        TimeSpan nextOverdue = TimeSpan.Zero;
        using var timer = new PeriodicTimer(interval);
        do
        {
            if (clock.Elapsed >= nextOverdue && (demo?.IsLive ?? true))
            {
                TimeSpan started = clock.Elapsed;
                overdue = await target.OverdueAsync(overdueRows, CancellationToken.None);
                nextOverdue = started + (clock.Elapsed - started) / OverdueShare;
            }
            PlatformStatus status = await target.StatusAsync(Position.None, CancellationToken.None);
            yield return new RunSnapshot
            {
                Phase = demo?.Phase ?? "serving",
                Uptime = clock.Elapsed,
                Status = status,
                EventsPerSecond = rate.Add(clock.Elapsed, status.EventsApplied),
                Scores = demo is null ? new Scoreboard(status.Scores, null) : demo.Scores,
                AppendLatency = demo?.AppendLatency,
                Overdue = overdue,
                Silos = target.Silos(),
                Unplugged = demo?.Unplugging.Streams ?? [],
            };
        }
        while (await NextAsync(timer, cancellation));
    }

    private static async ValueTask<bool> NextAsync(PeriodicTimer timer, CancellationToken cancellation)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
