using Foretell.Cli.Shell;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Replay;
using Foretell.Web.Status;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows how a replay goes, as a bar on a terminal and as a line now and then elsewhere, and its result.</summary>
internal static class ReplayView
{
    private static readonly TimeSpan s_plainInterval = TimeSpan.FromSeconds(5);

    /// <summary>Runs <paramref name="replay"/> and shows what it reports.</summary>
    /// <param name="countEvents">Counts the file's events, for the bar's end; may take a while. Null where it can be read only once.</param>
    /// <param name="replay">The work.</param>
    public static Task<ReplaySummary> ShowAsync(Func<long>? countEvents, Func<IProgress<ReplayProgress>, Task<ReplaySummary>> replay) =>
        Terminal.IsInteractive ? WithBarAsync(countEvents, replay) : replay(new PlainReporter());

    /// <summary>The table at the end.</summary>
    /// <param name="summary">What the replay did.</param>
    /// <param name="host">Where the host stands after it, or null when it did not say.</param>
    public static void Summarise(ReplaySummary summary, StatusAnswer? host)
    {
        Table table = Tables.KeyValue()
            .AddRow("sent", $"{Format.Count(summary.Sent, "event")} in {Format.Count(summary.Batches, "request")}")
            .AddRow("accepted", Format.Count(summary.Accepted))
            .AddRow("rejected", Format.Count(summary.Rejected));
        if (summary.ReplayedBatches > 0)
        {
            table.AddRow("already there", $"{Format.Count(summary.ReplayedBatches, "request")} of an earlier run of this replay");
        }
        if (summary.Retries > 0)
        {
            table.AddRow("retries", Format.Count(summary.Retries));
        }
        table.AddRow("took",
            $"{Format.Duration(summary.Elapsed.TotalSeconds)}, {Format.Rate(summary.Sent / summary.Elapsed.TotalSeconds)} events/s");
        if (host is not null)
        {
            table.AddRow("the host now", $"{Format.Count(host.EventsApplied, "event")} applied in {Format.Count(host.Streams, "stream")}, " +
                $"{Format.Count(host.DeadLetters)} dead letters");
        }
        Terminal.Out.Write(table);
        foreach (Rejection rejection in summary.FirstRejections)
        {
            Terminal.WriteLine($"event {rejection.Index} of the file (from 0) was rejected: {rejection.Reason}");
        }
    }

    private static Task<ReplaySummary> WithBarAsync(Func<long>? countEvents, Func<IProgress<ReplayProgress>, Task<ReplaySummary>> replay) =>
        Terminal.Out.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask("connecting");
                task.IsIndeterminate = true;
                // The bar has no end until the file is counted; sending need not wait for that.
                if (countEvents is not null)
                {
                    _ = Task.Run(() =>
                    {
                        task.MaxValue = Math.Max(1, countEvents());
                        task.IsIndeterminate = false;
                    });
                }
                return await replay(new Reporter(at =>
                {
                    task.Value = at.Sent;
                    task.Description = at.Trouble is { } trouble ? $"[yellow]{Terminal.Escape(trouble)}[/]"
                        : $"{Format.Count(at.Accepted)} accepted{(at.Rejected > 0 ? $", {Format.Count(at.Rejected)} rejected" : "")}";
                }));
            });

    private sealed class Reporter(Action<ReplayProgress> show) : IProgress<ReplayProgress>
    {
        public void Report(ReplayProgress value) => show(value);
    }

    private sealed class PlainReporter : IProgress<ReplayProgress>
    {
        private long _shown = TimeProvider.System.GetTimestamp();

        public void Report(ReplayProgress value)
        {
            if (value.Trouble is { } trouble)
            {
                Terminal.WriteLine($"{Format.Count(value.Sent)} sent; trying again: {trouble}");
            }
            else if (TimeProvider.System.GetElapsedTime(_shown) >= s_plainInterval)
            {
                _shown = TimeProvider.System.GetTimestamp();
                Terminal.WriteLine(
                    $"{Format.Count(value.Sent)} sent, {Format.Count(value.Accepted)} accepted, {Format.Count(value.Rejected)} rejected, " +
                    $"at {Format.Time(EventTime.ToDateTimeOffset(value.EventTicks))} of the file");
            }
        }
    }
}
