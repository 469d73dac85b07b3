using Foretell.Cli.Demo;
using Foretell.Cli.Hosting;
using Foretell.Cli.Views;
using Foretell.Models;

namespace Foretell.Cli.Cluster;

/// <summary>foretell cluster: silos with the demo, or with a file, until Ctrl-C or the file's end.</summary>
internal static class ClusterRun
{
    public static async Task RunAsync(ClusterSettings settings, FeedSettings? feed, bool plain, CancellationToken cancellation)
    {
        ForecastModel model = ModelFiles.Load(settings.Model);
        ModelSettings.WarnOfGrowth(model);
        var warnings = new RecentWarnings();
        bool ends = feed is { Exit: true };
        int silos = settings.SiloRoles.Count;
        await using LocalCluster cluster = await LocalCluster.CreateAsync(settings, cancellation);
        string size = silos == 1 ? "1 silo" : $"{silos} silos";
        Terminal.WriteNote($"starting {size} over a throw-away PostgreSQL...");
        await cluster.StartAsync(ends ? null : plain ? Terminal.WriteNote : warnings.Add, cancellation);
        await using var platform = new GatewayPlatform(cluster, model);
        await platform.ReadyAsync(cancellation);

        if (feed is not null)
        {
            FileSummary summary = await FileFeedView.ShowAsync(progress => FileFeed.RunAsync(platform, feed.File, feed.Columns, progress, cancellation));
            if (ends)
            {
                foreach (SiloProcess lost in cluster.Silos.Where(s => s.HasExited))
                {
                    Terminal.WriteNote($"{lost.End} The others went on.");
                }
                FileFeedView.Print(summary, feed.Json);
                return;
            }
            FileFeedView.Note(feed.File, summary);
        }
        await RunScreen.ShowAsync(platform, [.. cluster.Silos.Select(s => s.Urls[0].AbsoluteUri.TrimEnd('/'))], feed is null ? new DemoFeed(platform) : null,
            plain, warnings, $"Foretell cluster, {size}", cancellation);
    }
}
