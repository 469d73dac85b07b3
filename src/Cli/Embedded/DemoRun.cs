using Foretell.Cli.Demo;
using Foretell.Cli.Options;
using Foretell.Cli.Running;
using Foretell.Cli.Screen;
using Foretell.Cli.Shell;
using Foretell.Models.Network;

namespace Foretell.Cli.Embedded;

/// <summary>foretell run: the host with simulated streams, in a data folder of its own.</summary>
internal static class DemoRun
{
    public static async Task RunAsync(RunSettings settings, CancellationToken cancellation)
    {
        ForecastModel model = settings.Variant.Of(ModelFiles.Load(settings.Model ?? ModelFiles.Demo));
        ModelSettings.WarnOfGrowth(model);
        string directory = DemoDirectory.Prepare(settings.DataDirectory);
        HostLog log = RunScreen.Log(Path.Combine(directory, DataDirectory.LogFile), settings.Plain);
        await using EmbeddedHost host = await EmbeddedHost.StartAsync(settings.ToOptions(directory, model), settings.Listen,
            settings.MetricsUrls, log, cancellation);

        Terminal.WriteLine($"demo: simulated streams in {Path.GetFullPath(directory)}, anew at each start; " +
            "'foretell run --no-demo' keeps your own events.");
        var platform = new EmbeddedTarget(host.Platform);
        await RunScreen.ShowAsync(platform, host.Addresses, new DemoSender(platform), settings.Plain, log, "Foretell demo",
            cancellation);
    }
}
