using System.Net;
using Foretell.Silo.Membership;
using Foretell.Silo.Tests.Support;
using Foretell.Stores.Postgres;
using Foretell.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Foretell.Silo.Tests;

/// <summary>Orleans' own access to the list of silos, over the platform's tables and statements.</summary>
public sealed class MembershipSchemaTests(ClusterPostgres postgres) : IClassFixture<ClusterPostgres>
{
    private static readonly DateTime s_start = new(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc);

    private readonly PostgresOptions _options = new()
    {
        ConnectionString = postgres.Server!.ConnectionString,
        Schema = $"membership_{Guid.NewGuid():N}",
    };

    private int _version;

    [ClusterFact]
    public async Task Cleanup_WhenSilosAreDeadForLong_RemovesThemAndNoOthers()
    {
        await ExecuteAsync($"CREATE SCHEMA {_options.Schema}");
        await MembershipSchema.MigrateAsync(_options, default);
        AdoNetClusteringTable table = await OpenAsync();
        DateTime before = s_start.AddHours(1);
        await InsertAsync(table, 1, SiloStatus.Active);
        await InsertAsync(table, 2, SiloStatus.Joining);
        await InsertAsync(table, 3, SiloStatus.Dead);
        await InsertAsync(table, 4, SiloStatus.Dead, vote: s_start.AddMinutes(1));
        // Its last sign of life is old, but it was declared dead just now.
        await InsertAsync(table, 5, SiloStatus.Dead, vote: before.AddMinutes(1));

        await table.CleanupDefunctSiloEntriesAsync(before, default);

        MembershipTableData left = await table.ReadAllAsync(default);
        Assert.Equal([1, 2, 5], left.Members.Select(m => m.Item1.SiloAddress.Endpoint.Port).Order());
        Assert.Equal(_version, left.Version.Version);
    }

    [ClusterFact]
    public async Task Vote_WhenTheSiloHasGivenASignOfLifeSince_LeavesThatInPlace()
    {
        await ExecuteAsync($"CREATE SCHEMA {_options.Schema}");
        await MembershipSchema.MigrateAsync(_options, default);
        AdoNetClusteringTable table = await OpenAsync();
        MembershipEntry read = await InsertAsync(table, 1, SiloStatus.Active);
        MembershipEntry alive = Entry(1, SiloStatus.Active);
        alive.IAmAliveTime = s_start.AddMinutes(2);
        await table.UpdateIAmAliveAsync(alive, default);

        await VoteAsync(table, read, s_start.AddMinutes(3));

        MembershipEntry found = Assert.Single((await table.ReadAllAsync(default)).Members).Item1;
        Assert.Equal(alive.IAmAliveTime, found.IAmAliveTime);
        Assert.Single(found.SuspectTimes!);
    }

    [ClusterFact]
    public async Task Migrate_WhenTheStatementsAreThoseOfAnOlderRelease_RenewsThemAndKeepsTheSilos()
    {
        await ExecuteAsync($"CREATE SCHEMA {_options.Schema}");
        await MembershipSchema.MigrateAsync(_options, default);
        AdoNetClusteringTable older = await OpenAsync();
        await InsertAsync(older, 1, SiloStatus.Active);
        await InsertAsync(older, 2, SiloStatus.Joining);
        await ExecuteAsync($"""
            SET search_path = {_options.Schema};
            DELETE FROM OrleansQuery WHERE QueryKey = 'CleanupDefunctSiloEntryKey';
            UPDATE OrleansQuery SET QueryText = 'DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId '
                'AND IAmAliveTime < @IAmAliveTime AND Status <> 3' WHERE QueryKey = 'CleanupDefunctSiloEntriesKey'
            """);

        await MembershipSchema.MigrateAsync(_options, default);

        AdoNetClusteringTable newer = await OpenAsync();
        await newer.CleanupDefunctSiloEntriesAsync(DateTimeOffset.UtcNow, default);
        Assert.Equal(2, (await newer.ReadAllAsync(default)).Members.Count);
    }

    private async Task<AdoNetClusteringTable> OpenAsync()
    {
        var table = new AdoNetClusteringTable(new ServiceCollection().BuildServiceProvider(),
            Options.Create(new ClusterOptions { ClusterId = "test", ServiceId = "test" }),
            Options.Create(new AdoNetClusteringSiloOptions
            {
                Invariant = "Npgsql",
                ConnectionString = MembershipSchema.ConnectionString(_options),
            }),
            NullLogger<AdoNetClusteringTable>.Instance);
        await table.InitializeMembershipTableAsync(true, default);
        return table;
    }

    private async Task<MembershipEntry> InsertAsync(
        AdoNetClusteringTable table, int port, SiloStatus status, DateTime? vote = null)
    {
        MembershipEntry entry = Entry(port, status);
        Assert.True(await table.InsertRowAsync(entry, NextVersion(), default));
        if (vote is { } at)
        {
            await VoteAsync(table, entry, at);
        }
        return entry;
    }

    private async Task VoteAsync(AdoNetClusteringTable table, MembershipEntry entry, DateTime at)
    {
        entry.AddSuspector(SiloAddress.New(IPAddress.Loopback, 99, 1), at);
        TableVersion version = NextVersion();
        Assert.True(await table.UpdateRowAsync(entry, version.VersionEtag, version, default));
    }

    private TableVersion NextVersion() => new(_version + 1, $"{_version++}");

    private static MembershipEntry Entry(int port, SiloStatus status) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Loopback, port, 1),
        SiloName = $"silo {port}",
        HostName = "host",
        Status = status,
        StartTime = s_start,
        IAmAliveTime = s_start,
    };

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_options.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
