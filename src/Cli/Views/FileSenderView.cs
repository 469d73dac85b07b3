using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows on a terminal how many events of a file have been appended, and at the end what it came to.</summary>
internal static class FileSenderView
{
    /// <summary>Progress on a terminal; elsewhere the result says enough.</summary>
    public static Task<FileSummary> ShowAsync(Func<IProgress<long>?, Task<FileSummary>> feed) =>
        Terminal.IsInteractive
            ? Terminal.Out.Status().StartAsync("reading", context => feed(new Reporter(count =>
                context.Status = $"{Format.Count(count, "event")} appended")))
            : feed(null);

    /// <summary>The result, as a table or as one JSON object.</summary>
    /// <returns>The process's exit code (<see cref="ExitCode"/>).</returns>
    public static int Print(FileSummary summary, bool json)
    {
        if (json)
        {
            JsonOutput.Write(summary);
        }
        else
        {
            PrintTable(summary);
            NoteMarks(summary);
        }
        if (summary.Loss is { } loss)
        {
            Terminal.WriteError(loss);
            return ExitCode.DeadLetters;
        }
        return ExitCode.Success;
    }

    /// <summary>The result in a line, where the host goes on.</summary>
    public static void Note(string file, FileSummary summary)
    {
        Terminal.WriteLine($"{file} is applied: {Format.Count(summary.Events, "event")} in {Format.Count(summary.Streams, "stream")}, " +
            $"{Format.Count(summary.DeadLetters)} dead letters.");
        NoteMarks(summary);
        if (summary.Loss is { } loss)
        {
            Terminal.WriteNote($"warning: {loss}");
        }
    }

    private static void NoteMarks(FileSummary summary)
    {
        if (summary.MarkRemark is { } remark)
        {
            Terminal.WriteNote($"remark: {remark}");
        }
    }

    private static void PrintTable(FileSummary summary)
    {
        Table table = Tables.KeyValue()
            .AddRow("events", Format.Count(summary.Events))
            .AddRow("streams", Format.Count(summary.Streams))
            .AddRow("dead letters", Format.Count(summary.DeadLetters))
            .AddRow("unknown marks", Format.Count(summary.UnknownMarks))
            .AddRow("digest", summary.Digest)
            .AddRow("events/s", Format.Rate(summary.EventsPerSecond))
            .AddRow("CPU seconds", Format.Rate(summary.CpuSeconds));
        foreach (ProcessCpu process in summary.Processes ?? [])
        {
            table.AddRow($"  {process.Label}", $"{Format.Rate(process.Seconds)} ({process.Role})");
        }
        Terminal.Out.Write(table);
    }

    private sealed class Reporter(Action<long> show) : IProgress<long>
    {
        public void Report(long value) => show(value);
    }
}
