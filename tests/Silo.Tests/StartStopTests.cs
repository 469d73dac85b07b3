using System.Diagnostics;
using Foretell.Silo.Tests.Support;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>What a silo does where its database comes late or is gone.</summary>
public sealed class StartStopTests(ClusterPostgres postgres, ITestOutputHelper output) : IClassFixture<ClusterPostgres>
{
    [ClusterFact]
    public async Task Start_WhenTheTablesComeLate_WaitsForThemAndSaysSo()
    {
        using var directory = new TemporaryFolder();
        Small.Model.Save(directory.At("model.safetensors"));
        var settings = new Dictionary<string, string>
        {
            ["Postgres"] = postgres.Server!.ConnectionString,
            ["Schema"] = "late",
            ["Cluster"] = "late",
            ["Model"] = directory.At("model.safetensors"),
            ["Urls"] = "http://127.0.0.1:0",
            ["Port"] = "0",
        };
        await using SiloProcess silo = SiloProcess.Begin(settings);
        await silo.SaysAsync("foretell-silo: Waiting for at most 300 s (Foretell:StartSeconds): Schema late does not exist");

        (int exitCode, _, string errors) = await SiloProcess.RunAsync(settings, "migrate");
        Assert.True(exitCode == 0, errors);

        await silo.ListeningAsync();
        Assert.Equal(0, await silo.StopAsync());
    }

    [ClusterFact]
    public async Task Stop_WhenTheDatabaseIsGone_IsOverInTheTimeThatItMayTake()
    {
        // A server of its own: others must not lose theirs.
        await using SiloCluster cluster = await SiloCluster.StartAsync(null, 2, Small.Model, "gateway,ingest");
        cluster.More["ShutdownSeconds"] = "3";
        SiloProcess worker = await cluster.AddAsync("worker");
        await cluster.ProbeAllAsync(cluster.Silos[0]);
        await cluster.Postgres.StopAsync();

        var clock = Stopwatch.StartNew();
        int exitCode = await worker.StopAsync();

        output.WriteLine($"ended with {exitCode} after {clock.Elapsed.TotalSeconds:F1} s");
        // 3 s, the 5 s beyond them, and what a busy machine takes.
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"It ended after {clock.Elapsed}: {worker.Errors}");
        if (exitCode != 0)
        {
            Assert.Contains("the silo did not stop within 8 s", worker.Errors, StringComparison.Ordinal);
        }
        await cluster.Postgres.StartAsync();
    }
}
