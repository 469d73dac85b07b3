using Foretell.Cli.Hosting;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>Shows on a terminal how many events of a file have been appended; elsewhere the result says enough.</summary>
internal static class FileFeedView
{
    public static Task<FileSummary> ShowAsync(Func<IProgress<long>?, Task<FileSummary>> feed) =>
        Terminal.IsInteractive
            ? Terminal.Out.Status().StartAsync("reading", context => feed(new Reporter(count =>
                context.Status = $"{Format.Count(count)} events appended")))
            : feed(null);

    private sealed class Reporter(Action<long> show) : IProgress<long>
    {
        public void Report(long value) => show(value);
    }
}
