using Foretell.Cli.Options;
using Foretell.Cli.Running;
using Foretell.Cli.Views;
using Foretell.Hosting;
using Foretell.Models.Network;

namespace Foretell.Cli.Embedded;

/// <summary>foretell run --file F --exit: one file through the whole path, then the end.</summary>
internal static class FileRun
{
    public static async Task<int> RunAsync(RunSettings settings, FileInput input, CancellationToken cancellation)
    {
        ForecastModel model = DataDirectory.FindModel(settings, out _);
        ModelSettings.WarnOfGrowth(model);
        await using EmbeddedPlatform platform =
            await EmbeddedPlatform.OpenAsync(settings.ToOptions(settings.DataDirectory, model), cancellation);
        DataDirectory.KeepModel(settings.DataDirectory, model);
        await platform.Ready.WaitAsync(cancellation);

        FileSummary summary = await FileSenderView.ShowAsync(progress =>
            FileSender.RunAsync(new EmbeddedTarget(platform), input, progress, cancellation));
        return FileSenderView.Print(summary, input.Json);
    }
}
