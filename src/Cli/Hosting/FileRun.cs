using Foretell.Cli.Views;
using Foretell.Models;
using Foretell.Streams;
using Spectre.Console;

namespace Foretell.Cli.Hosting;

/// <summary>foretell run --file F --exit: one file through the whole path, then the end.</summary>
internal static class FileRun
{
    public static async Task RunAsync(RunSettings settings, CancellationToken cancellation)
    {
        ForecastModel model = DataDirectory.FindModel(settings.DataDirectory, settings.Model, out _);
        await using EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(settings.ToOptions(settings.DataDirectory, model), cancellation);
        DataDirectory.KeepModel(settings.DataDirectory, model);

        FileSummary summary = await FileFeedView.ShowAsync(progress =>
            FileFeed.RunAsync(platform, settings.File!, settings.Columns, progress, cancellation));
        if (settings.Json)
        {
            JsonOutput.Write(summary);
            return;
        }
        Terminal.Out.Write(Tables.KeyValue()
            .AddRow("events", Format.Count(summary.Events))
            .AddRow("streams", Format.Count(summary.Streams))
            .AddRow("dead letters", Format.Count(summary.DeadLetters))
            .AddRow("digest", summary.Digest)
            .AddRow("events/s", Format.Rate(summary.EventsPerSecond))
            .AddRow("CPU seconds", Format.Rate(summary.CpuSeconds)));
    }
}
