using Foretell.Cli.Demo;
using Foretell.Cli.Options;
using Foretell.Cli.Running;
using Foretell.Cli.Screen;
using Foretell.Cli.Shell;
using Foretell.Cli.Views;
using Foretell.Models.Network;

namespace Foretell.Cli.Cluster;

/// <summary>foretell cluster: silos with the demo, a broker or a file, until Ctrl-C or the file's end.</summary>
internal static class ClusterRun
{
    public static async Task<int> RunAsync(ClusterSettings settings, FileInput? input, bool plain, CancellationToken cancellation)
    {
        ForecastModel model = ModelFiles.Load(settings.Model);
        ModelSettings.WarnOfGrowth(model);
        HostLog log = RunScreen.Log(Path.Combine(Path.GetTempPath(), $"foretell-cluster-{Environment.ProcessId}.log"), plain);
        bool ends = input is { Exit: true };
        int silos = settings.SiloRoles.Count;
        await using LocalCluster cluster = await LocalCluster.CreateAsync(settings, cancellation);
        string size = Format.Count(silos, "silo");
        Terminal.WriteNote($"starting {size} over a throw-away PostgreSQL...");
        await cluster.StartAsync(ends ? null : log.Add, cancellation);
        await using var platform = new GatewayTarget(cluster, model);
        await platform.ReadyAsync(cancellation);

        if (settings.Source is { } source)
        {
            Terminal.WriteLine($"reading {source.Broker.Text}");
        }
        if (input is not null)
        {
            FileSummary summary = await FileSenderView.ShowAsync(progress =>
                FileSender.RunAsync(platform, input, progress, cancellation));
            if (ends)
            {
                foreach (SiloProcess lost in cluster.Silos.Where(s => s.HasExited))
                {
                    Terminal.WriteNote($"{lost.End} The others went on.");
                }
                return FileSenderView.Print(summary, input.Json);
            }
            FileSenderView.Note(input.File, summary);
        }
        await RunScreen.ShowAsync(platform, [.. cluster.Silos.Select(s => s.Urls[0].AbsoluteUri.TrimEnd('/'))],
            input is null && settings.Source is null ? new DemoSender(platform) : null, plain, log, $"Foretell cluster, {size}", cancellation);
        return ExitCode.Success;
    }
}
