using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Foretell.Cli.Cluster;
using Foretell.Cli.Options;
using Foretell.Engine.Events;
using Foretell.Silo.Tests.Support;
using Foretell.Support;
using Npgsql;

namespace Foretell.Silo.Tests;

/// <summary>Two silos whose network is cut, in namespaces of their own.</summary>
public sealed class NetworkSplitTests(ClusterPostgres postgres, ITestOutputHelper output) : IClassFixture<ClusterPostgres>
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private static readonly List<(string, long, string)> s_events =
        Small.Workload(20_000, 500, EventTime.FromDateTimeOffset(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));

    [NetworkFact]
    public async Task Split_WhenSilosLoseEachOtherAndKeepTheDatabase_LeavesOneOwnerPerPartition()
    {
        await using SplitNetwork network = await SplitNetwork.CreateAsync(2);
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model);
        await using TcpRelay database = Relay(network);
        SiloProcess[] silos = await StartBothAsync(cluster, network, database);
        using var sender = new Sender(cluster, silos);
        Task load = sender.RunAsync(s_events, batchSize: 50);

        await network.SeparateAsync(true);
        // Each finds the other dead, and the database decides which of them is.
        await Until.TrueAsync(() => silos.Any(s => s.HasExited), s_patience);
        int lost = Array.FindIndex(silos, s => s.HasExited);
        SiloProcess left = silos[1 - lost];
        output.WriteLine($"silo {lost} gave way; {sender.Accepted} events accepted");
        TimeSpan served = await cluster.ServedAsync(left, s_patience);
        output.WriteLine($"all served by the other one {served.TotalSeconds:F1} s later");
        await network.SeparateAsync(false);

        await HealAsync(cluster, network, database, sender, lost);
        await EndAsync(cluster, sender, load, left);
    }

    [NetworkFact]
    public async Task Split_WhenASiloLosesEverything_LeavesItsPartitionsToTheOther()
    {
        await using SplitNetwork network = await SplitNetwork.CreateAsync(2);
        await using SiloCluster cluster = await SiloCluster.StartAsync(postgres.Server, 4, Small.Model);
        await using TcpRelay database = Relay(network);
        SiloProcess[] silos = await StartBothAsync(cluster, network, database);
        (SiloProcess left, SiloProcess cut) = (silos[0], silos[1]);
        using var sender = new Sender(cluster, [left]);
        Task load = sender.RunAsync(s_events, batchSize: 50);

        await network.CutAsync(1, cut: true);
        TimeSpan served = await cluster.ServedAsync(left, s_patience);
        output.WriteLine($"all served by the other one after {served.TotalSeconds:F1} s");
        Assert.False(left.HasExited, left.Errors);
        // The new owners go on, so that an older state could be told from theirs.
        await sender.SendAsync([.. Enumerable.Range(0, cluster.Partitions).Select(p => (cluster.KeyOf(p), 2_000_000_000L, "view"))]);
        // An owner that still reads what the log holds may answer with what it has read so far; from here on none does.
        await cluster.CommittedAsync();

        await network.CutAsync(1, cut: false);
        int right = await AskUntilItEndsAsync(cluster, cut);
        output.WriteLine($"back in touch it gave {right} answers, none of them old, and ended");

        await HealAsync(cluster, network, database, sender, lost: 1);
        await EndAsync(cluster, sender, load, left);
    }

    /// <summary>Silos with every role, each in a namespace of its own.</summary>
    private static async Task<SiloProcess[]> StartBothAsync(SiloCluster cluster, SplitNetwork network, TcpRelay database)
    {
        SiloProcess[] silos = await Task.WhenAll(Enumerable.Range(0, 2).Select(member => StartAsync(cluster, network, database, member)));
        cluster.Silos.AddRange(silos);
        await cluster.ProbeAllAsync(silos[0]);
        // A cut is of interest where both have something to lose.
        await Task.WhenAll(silos.Select(s => s.SaysAsync("is served here")));
        return silos;
    }

    private static Task<SiloProcess> StartAsync(SiloCluster cluster, SplitNetwork network, TcpRelay database, int member)
    {
        Dictionary<string, string> settings = cluster.Settings("gateway,ingest,worker");
        settings["Postgres"] =
            new NpgsqlConnectionStringBuilder(cluster.Options.ConnectionString) { Host = network.Host.ToString(),
            Port = database.Port }.ConnectionString;
        // Nobody else is in these networks.
        settings["Insecure"] = "true";
        settings["Address"] = network.Address(member).ToString();
        settings["Urls"] = string.Create(CultureInfo.InvariantCulture, $"http://{network.Address(member)}:0");
        return SiloProcess.StartAsync(settings, new SiloLaunch { Prefix = network.Prefix(member) });
    }

    private TcpRelay Relay(SplitNetwork network) =>
        new(network.Host, new NpgsqlConnectionStringBuilder(postgres.Server!.ConnectionString).Port);

    /// <summary>Starts a silo in the place of the lost one, as an orchestrator does, and waits until it takes its part.</summary>
    private static async Task HealAsync(SiloCluster cluster, SplitNetwork network, TcpRelay database, Sender sender, int lost)
    {
        SiloProcess gone = cluster.Silos[lost], fresh = await StartAsync(cluster, network, database, lost);
        cluster.Silos[lost] = fresh;
        if (sender.Gateways.IndexOf(gone) is var place and >= 0)
        {
            sender.Gateways[place] = fresh;
        }
        await gone.DisposeAsync();
        await fresh.SaysAsync("is served here");
        await cluster.ServedAsync(fresh, s_patience);
    }

    private static async Task EndAsync(SiloCluster cluster, Sender sender, Task load, SiloProcess left)
    {
        long more = sender.Accepted + 1000;
        await Until.TrueAsync(() => sender.Accepted >= more, s_patience);
        sender.Stop();
        await load;
        Assert.Empty(sender.Surprises);
        await cluster.AppliedAsync(left, sender.Accepted + cluster.Partitions);
        await cluster.AssertEqualsReferenceAsync(sender.Accepted + cluster.Partitions);
    }

    /// <summary>Asks a silo that others have given up until it ends itself: it may refuse, or ask the new owners, and nothing
    /// else.</summary>
    private static async Task<int> AskUntilItEndsAsync(SiloCluster cluster, SiloProcess silo)
    {
        int right = 0;
        using var limit = new CancellationTokenSource(s_patience);
        while (!silo.HasExited)
        {
            Assert.False(limit.IsCancellationRequested, $"It lives on: {silo.Errors}");
            for (int partition = 0; partition < cluster.Partitions; partition++)
            {
                try
                {
                    using HttpResponseMessage answer =
                        await cluster.Http.GetAsync(new Uri(silo.Url, $"/v1/streams/{Uri.EscapeDataString(cluster.KeyOf(partition))}"));
                    if (answer.StatusCode == HttpStatusCode.OK)
                    {
                        Assert.Equal(2, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("events").GetInt64());
                        right++;
                    }
                    else
                    {
                        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                    }
                }
                catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
                {
                    // It is gone, or on its way.
                }
            }
        }
        return right;
    }
}

/// <summary>A test that needs PostgreSQL and network namespaces.</summary>
public sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) =>
            Skip = PostgresPrograms.Find() is null ? PostgresPrograms.HowToInstall : SplitNetwork.WhyNot;
}
