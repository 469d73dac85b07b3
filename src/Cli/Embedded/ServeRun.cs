using Foretell.Cli.Options;
using Foretell.Cli.Running;
using Foretell.Cli.Screen;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Ingest.Sinks;
using Foretell.Ingest.Sources;
using Foretell.Models.Network;

namespace Foretell.Cli.Embedded;

/// <summary>foretell run --no-demo, and foretell run --file without --exit: serves a data directory.</summary>
internal static class ServeRun
{
    public static async Task RunAsync(RunSettings settings, CancellationToken cancellation)
    {
        ForecastModel model = DataDirectory.FindModel(settings, out bool isBuiltIn);
        ModelSettings.WarnOfGrowth(model);
        HostLog log = RunScreen.Log(Path.Combine(settings.DataDirectory, DataDirectory.LogFile), settings.Plain);
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(settings.ToOptions(settings.DataDirectory, model), settings.Listen,
            settings.MetricsUrls, log, cancellation);
        DataDirectory.KeepModel(settings.DataDirectory, model);

        Terminal.WriteLine($"data in {Path.GetFullPath(settings.DataDirectory)}, model {model.Id}" + (isBuiltIn
            ? " (the small general one that comes with the program, trained on simulated streams" + (model.Config.Marks.Count == 0
                ? ": it forecasts times, and marks where --marks names them" : "") + "; train your own with 'foretell train')"
            : ""));
        var platform = new EmbeddedTarget(host.Platform);
        if (settings.Input is { } input)
        {
            FileSummary summary = await FileSenderView.ShowAsync(progress =>
                FileSender.RunAsync(platform, input, progress, cancellation));
            FileSenderView.Note(input.File, summary);
        }
        await using SourceFeed? feed = settings.Source is { } source ? host.Read(source) : null;
        if (settings.Source is not null)
        {
            Terminal.WriteLine($"reading {settings.Source.Broker.Text}");
        }
        await using SinkPublisher? publisher = settings.Publish is { } target ? host.Publish(target) : null;
        if (settings.Publish is not null)
        {
            Terminal.WriteLine($"publishing alerts to {settings.Publish.Address}"
                + (settings.Publish.Streams.Count > 0 ? $", and the forecasts of {Format.Count(settings.Publish.Streams.Count, "stream")}" : ""));
        }
        await RunScreen.ShowAsync(platform, host.Addresses, demo: null, settings.Plain, log, "Foretell", cancellation);
    }
}
