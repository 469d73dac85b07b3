using System.Globalization;
using Foretell.Cli.Running;
using Foretell.Cli.Shell;
using Foretell.Engine;
using Foretell.Stores.Postgres;

namespace Foretell.Cli.Cluster;

/// <summary>A throw-away PostgreSQL and silos in processes of their own, all on loopback; gone when disposed, and when this
/// process ends.</summary>
internal sealed class LocalCluster : IAsyncDisposable
{
    private readonly ThrowawayPostgres _postgres;
    private readonly ClusterSettings _settings;
    private readonly SiloProgram _program;
    private readonly List<SiloProcess> _silos = [];

    private LocalCluster(ThrowawayPostgres postgres, ClusterSettings settings, SiloProgram program) =>
        (_postgres, _settings, _program) = (postgres, settings, program);

    /// <summary>The silos, those that have ended included.</summary>
    public IReadOnlyList<SiloProcess> Silos => _silos;

    /// <summary>Those of them that serve the API.</summary>
    public IReadOnlyList<SiloProcess> Gateways => [.. _silos.Where((_, i) => _settings.SiloRoles[i].Split(',').Contains("gateway"))];

    /// <summary>Database of membership, log and store.</summary>
    public PostgresOptions Database => new() { ConnectionString = _postgres.ConnectionString };

    /// <summary>Starts the database.</summary>
    /// <param name="settings">How many silos will follow, and how.</param>
    /// <param name="cancellation">Gives up; nothing is left running.</param>
    /// <exception cref="CliException">There is no silo program.</exception>
    /// <exception cref="StorageException">There is no PostgreSQL, or it does not start.</exception>
    public static async Task<LocalCluster> CreateAsync(ClusterSettings settings, CancellationToken cancellation)
    {
        SiloProgram program = SiloProgram.Find(settings.SiloProgram);
        return new LocalCluster(await ThrowawayPostgres.CreateAsync(settings.Postgres, cancellation), settings, program);
    }

    /// <summary>Creates the database's tables, starts the silos, and waits until each of them listens.</summary>
    /// <param name="log">Takes each line of the silos' logs behind the silo's label, or null.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="CliException">A silo does not start; the message says why.</exception>
    public async Task StartAsync(Action<string, string>? log, CancellationToken cancellation)
    {
        await MigrateAsync(cancellation);
        for (int silo = 1; silo <= _settings.SiloRoles.Count; silo++)
        {
            _silos.Add(new SiloProcess(_program, $"silo {silo}", Settings(silo), log));
        }
        // The first that fails ends the wait for the others.
        await foreach (Task start in Task.WhenEach(_silos.Select(s => s.ListeningAsync(cancellation))))
        {
            await start;
        }
    }

    /// <summary>Processor time of the silos and the database.</summary>
    public IReadOnlyList<ProcessCpu> Cpu()
    {
        IEnumerable<ProcessCpu> silos =
            _silos.Select((s, i) => new ProcessCpu("foretell-silo", _settings.SiloRoles[i], s.Label, s.Cpu.TotalSeconds));
        return _postgres.CpuTime is { } database
            ? [.. silos, new ProcessCpu("postgres", ProcessCpu.Database, "PostgreSQL", database.TotalSeconds)] : [.. silos];
    }

    /// <summary>Stops the silos, then the database, and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        // All at once: a silo that leaves would hand its partitions to one that leaves next.
        foreach (SiloProcess silo in _silos)
        {
            silo.Stop();
        }
        foreach (SiloProcess silo in _silos)
        {
            await silo.DisposeAsync();
        }
        await _postgres.DisposeAsync();
    }

    private async Task MigrateAsync(CancellationToken cancellation)
    {
        await using var migration = new SiloProcess(_program, "the migration", Settings(1), log: null, "migrate");
        if (await migration.EndedAsync(cancellation) != 0)
        {
            throw new CliException($"The database's tables could not be created: {migration.LastWords()}");
        }
    }

    private Dictionary<string, string> Settings(int silo)
    {
        var settings = new Dictionary<string, string>
        {
            ["POSTGRES"] = _postgres.ConnectionString,
            ["SCHEMA"] = Database.Schema,
            ["MODEL"] = Path.GetFullPath(_settings.Model),
            ["ROLES"] = _settings.SiloRoles[silo - 1],
            ["URLS"] = silo == 1 ? _settings.Urls : "http://127.0.0.1:0",
            ["PORT"] = "0",
            ["INSECURE"] = _settings.IsInsecure ? "true" : "false",
            // What is not committed in time is lost with the database in any case.
            ["SHUTDOWNSECONDS"] = "10",
            ["THREADS"] = _settings.Threads.ToString(CultureInfo.InvariantCulture),
        };
        if (_settings.Shared)
        {
            settings["SHARED"] = "true";
        }
        Add("PARTITIONS", _settings.Partitions);
        Add("ALERTSURVIVAL", _settings.AlertSurvival);
        Add("LATESECONDS", _settings.LateTolerance?.TotalSeconds);
        Add("FUTURESECONDS", _settings.FutureTolerance?.TotalSeconds);
        Add("RETAINSECONDS", _settings.Retain?.TotalSeconds);
        foreach ((string name, string value) in _settings.Source?.ToSiloSettings() ?? [])
        {
            settings[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }
        return settings;

        void Add<T>(string name, T? value) where T : struct, IFormattable
        {
            if (value is { } set)
            {
                settings[name] = set.ToString(null, CultureInfo.InvariantCulture);
            }
        }
    }
}
