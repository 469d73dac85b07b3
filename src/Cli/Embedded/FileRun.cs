using Foretell.Cli.Views;
using Foretell.Models;
using Foretell.Streams;

namespace Foretell.Cli.Hosting;

/// <summary>foretell run --file F --exit: one file through the whole path, then the end.</summary>
internal static class FileRun
{
    public static async Task RunAsync(RunSettings settings, FeedSettings feed, CancellationToken cancellation)
    {
        ForecastModel model = DataDirectory.FindModel(settings, out _);
        ModelSettings.WarnOfGrowth(model);
        await using EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(settings.ToOptions(settings.DataDirectory, model), cancellation);
        DataDirectory.KeepModel(settings.DataDirectory, model);
        await platform.Ready.WaitAsync(cancellation);

        FileSummary summary = await FileFeedView.ShowAsync(progress =>
            FileFeed.RunAsync(new InProcessPlatform(platform), feed.File, feed.Columns, progress, cancellation));
        FileFeedView.Print(summary, feed.Json);
    }
}
