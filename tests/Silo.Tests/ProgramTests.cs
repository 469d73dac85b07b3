using Foretell.Cli.Options;
using Foretell.Cli.Shell;
using Foretell.Models.Network;
using Foretell.Silo.Tests.Support;
using Foretell.Stores.Postgres;
using Foretell.Support;

namespace Foretell.Silo.Tests;

/// <summary>The program from outside: migration, settings, roles.</summary>
public sealed class ProgramTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>
{
    [ClusterFact]
    public async Task Migrate_WhenRunTwiceFromTwoPlaces_MakesOneSchema()
    {
        var settings = new Dictionary<string, string> { ["Postgres"] = postgres.Server!.ConnectionString, ["Schema"] = "twice" };

        (int ExitCode, string Output, string Errors)[] runs =
            await Task.WhenAll(SiloProcess.RunAsync(settings, "migrate"), SiloProcess.RunAsync(settings, "migrate"));
        (int ExitCode, string Output, string Errors) third = await SiloProcess.RunAsync(settings, "migrate");

        Assert.All(runs, run => Assert.True(run.ExitCode == 0, run.Errors));
        Assert.Contains("already", third.Output, StringComparison.Ordinal);
        await using PostgresEventLog log = await PostgresEventLog.OpenAsync(
            new PostgresOptions { ConnectionString = postgres.Server.ConnectionString, Schema = "twice" }, 3, TimeProvider.System);
        Assert.Equal(3, log.PartitionCount);
    }

    [ClusterFact]
    public async Task Run_WhenTheSchemaWasNotMigrated_SaysSoInOneSentence()
    {
        using var directory = new TemporaryFolder();
        Small.Model.Save(directory.At("model.safetensors"));
        (int exitCode, _, string errors) = await SiloProcess.RunAsync(new Dictionary<string, string>
        {
            ["Postgres"] = postgres.Server!.ConnectionString,
            ["Schema"] = "nowhere",
            ["Model"] = directory.At("model.safetensors"),
            ["StartSeconds"] = "0",
        });

        Assert.Equal(1, exitCode);
        Assert.StartsWith("foretell-silo: Schema nowhere does not exist", errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
    }

    [ClusterFact]
    public async Task Run_WhenTheLogBelongsToAnotherModel_SaysSoInOneSentence()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 1, Small.Model, "worker");
        using var directory = new TemporaryFolder();
        var other = ForecastModel.Untrained(Small.Model.Config, seed: 4711);
        other.Save(directory.At("other.safetensors"));
        Dictionary<string, string> settings = cluster.Settings("worker");
        settings["Model"] = directory.At("other.safetensors");

        (int exitCode, _, string errors) = await SiloProcess.RunAsync(settings);

        Assert.Equal(1, exitCode);
        Assert.Contains($"was made with model {Small.Model.Id}", errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
    }

    [ClusterFact]
    public async Task Health_WhenTheSiloIsNoGateway_IsServedWithoutTheApi()
    {
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 2, Small.Model, "gateway,ingest", "worker");
        await cluster.ProbeAllAsync(cluster.Silos[0]);
        Uri worker = cluster.Silos[1].Url;

        Assert.Equal(System.Net.HttpStatusCode.OK, (await cluster.Http.GetAsync(new Uri(worker, "/health/live"))).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await cluster.Http.GetAsync(new Uri(worker, "/v1/status"))).StatusCode);
        await cluster.AssertEqualsReferenceAsync(cluster.Partitions);
    }
}
