using Foretell.Engine;
using Foretell.Engine.Shards;
using Foretell.Faults.Disk;
using Foretell.Faults.Time;
using Foretell.Faults.Worlds.Cluster;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Faults.Worlds;

/// <summary>One run of the simulation, of which everything follows from its seed.</summary>
internal sealed class Schedule
{
    /// <summary>Simulated time within which a healed platform has to accept and apply everything.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    private readonly Random _random;
    private readonly SimulatedClock _clock = new();
    private readonly SeededScheduler _scheduler;
    private readonly Weather _weather;
    private readonly SimulatedDisk _disk;
    private readonly Oracle _oracle;
    private readonly SharedRows _rows;
    private readonly Random? _values;
    private readonly string _directory;
    private readonly Story _story;
    private Func<string?> _problem = () => null;
    private bool _isDamaged;
    private string? _told;
    private Func<int> _served = () => 0;
    private MaintenanceWorld? _maintenance;

    private readonly Blow? _blow;

    private Schedule(long seed, Blow? blow, string directory, Action<string>? tell)
    {
        _blow = blow;
        _story = new Story(_clock, tell);
        _random = new Random(HashCode(seed, 1));
        // By draws of its own: where no values are sent, a seed is the run that it was before there were any.
        var values = new Random(HashCode(seed, 4));
        _values = blow is null && values.Next(3) == 0 ? values : null;
        _rows = _values is null ? SharedRows.Plain : SharedRows.Valued;
        _oracle = new Oracle(_rows);
        _directory = directory;
        _scheduler = new SeededScheduler(new Random(HashCode(seed, 2)), _clock);
        _weather = new Weather(new Random(HashCode(seed, 3))) { Told = (kind, place) => _story.Tell($"Fault: {kind}{place}.") };
        _disk = new SimulatedDisk(_weather, _clock.Pass, directory);
        _scheduler.Picked = (pick, of) => _disk.Note(6, pick, of + _clock.Ticks);
        if (blow is null)
        {
            _scheduler.Stalls = _random.Next(3) == 0 ? 0.02 : 0;
        }
        else if (blow.Trial.Upkeep is null)
        {
            (_disk.FailAt, _disk.EndAt, _disk.LosesPowerAtEnd) = (blow.FailAt, blow.EndAt, blow.LosesPower);
        }
    }

    /// <summary>Runs a trial with one blow in it.</summary>
    public static Outcome Run(Blow blow, string directory, Action<string>? tell = null) =>
        Run(new Schedule(Trial.Seed, blow, directory, tell), Trial.Seed);

    /// <summary>Runs a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="directory">A true directory, for the lock of the data directory; the files are simulated.</param>
    /// <param name="tell">Takes the story, line by line; null for none.</param>
    public static Outcome Run(long seed, string directory, Action<string>? tell = null) =>
        Run(new Schedule(seed, null, directory, tell), seed);

    private static Outcome Run(Schedule schedule, long seed)
    {
        TaskScheduler before = Background.Scheduler;
        Background.Scheduler = schedule._scheduler;
        try
        {
            Task main = schedule._scheduler.Run(schedule.RunAsync, TimeSpan.FromSeconds(60));
            string? failure = SimulatedVfs.Fault ?? schedule._scheduler.Stuck ?? main.Exception?.GetBaseException().ToString();
            return new Outcome(seed, failure, new TimeSpan(schedule._clock.Ticks), schedule._scheduler.Steps,
                schedule._maintenance?.Operations ?? schedule._disk.Operations, schedule._maintenance?.Changes ?? schedule._disk.Changes,
                schedule._oracle.Sent, schedule._oracle.Acknowledged, schedule._disk.Trace,
                schedule._isDamaged, schedule._told, schedule._served(), schedule._values is not null);
        }
        finally
        {
            Background.Scheduler = before;
            schedule._disk.Dispose();
        }
    }

    private Task RunAsync()
    {
        SharedRows.Reclaim();
        SimulatedVfs.Use(_disk, new Random(_random.Next()), _clock, _clock.Pass);
        if (_blow?.Trial.Upkeep is not null)
        {
            _maintenance = new MaintenanceWorld(_random, _clock, _disk, _weather, _oracle, _directory, _story, _blow);
            return _maintenance.RunAsync();
        }
        return _blow is null && _random.Next(4) == 0 ? RunClusterAsync() : RunEmbeddedAsync();
    }

    private async Task RunClusterAsync()
    {
        Trial trial = Draw();
        Nemesis.Mix(_random, _weather, Nemesis.OfNetworks);
        var world = new ClusterWorld(new Random(_random.Next()), _clock, _weather, _directory, trial.Partitions, _rows, _story);
        Task supervisor = world.SuperviseAsync();
        Task[] clients = [.. Enumerable.Range(0, trial.Clients).Select(number =>
            ClientOf(number, world, trial).RunAsync())];
        await EndAsync(world.TroubleAsync(), supervisor);
        await EndAsync(Task.WhenAll(clients), supervisor);
        await EndAsync(ClientOf(99, world, trial).SendLastAsync(), supervisor);
        Task<StateReport> converging = world.ConvergeAsync();
        await EndAsync(converging, supervisor);
        await world.StopAsync(supervisor);

        _disk.BeginProcess();
        await using SqliteEventLog log = SqliteEventLog.Open(Path.Combine(_directory, "log.db"), null, _clock);
        List<EventSets.Read>[] records = await _oracle.ReadAsync(log);
        _oracle.CheckLog(log, records);
        Reference reference = _oracle.Replay(records);
        Oracle.CheckState(reference, await converging);
        await using var store = new SqliteStateStore(_directory, log.Identity);
        string stored = await PlatformDigest.OfStoreAsync(store, trial.Partitions, _rows.Serving, CancellationToken.None);
        SimulationFailure.Unless(stored == reference.Digest(), $"The store does not hold the state of the log's events.");
    }

    private async Task RunEmbeddedAsync()
    {
        Trial trial = _blow?.Trial ?? Draw();
        int kind = _blow is null ? _random.Next(8) : 0;
        var world = new EmbeddedWorld(new Random(_random.Next()), _clock, _disk, _weather, _oracle, _directory, trial.Partitions, _rows,
            _story)
        {
            Retain = _blow is not null ? trial.Retain : kind is 1 or 2 or 3 ? TimeSpan.FromHours(1) : null,
            IsUpgraded = kind is 4,
            IsDamaged = kind is 5,
        };
        (_problem, _isDamaged, _served) = (() => world.Problem, world.IsDamaged, () => world.ServedBesideDamage);
        Task supervisor = world.SuperviseAsync();
        Task[] clients = [.. Enumerable.Range(0, trial.Clients).Select(number =>
            ClientOf(number, world, trial).RunAsync())];
        var nemesis = new Nemesis(new Random(_random.Next()), _clock, _disk, _weather, world, _story);
        await EndAsync(_blow is null ? nemesis.RunAsync() : nemesis.RestartAsync(trial.Restarts), supervisor, Timeout.InfiniteTimeSpan);
        if (world.IsDamaged)
        {
            await EndDamagedAsync(world, Task.WhenAll(clients), supervisor);
            return;
        }
        await EndAsync(Task.WhenAll(clients), supervisor);
        // An append that was refused may be in the log all the same, and the log learns of it with the next one.
        await EndAsync(ClientOf(99, world, trial).SendLastAsync(), supervisor);
        Task<StateReport> converging = world.ConvergeAsync();
        await EndAsync(converging, supervisor);
        await world.StopAsync(supervisor);
        (_disk.FailAt, _disk.EndAt) = (0, 0);
        await CheckReopenedAsync(world, await converging);
    }

    /// <summary>Log and state hold what they promise, before and after a restart.</summary>
    private async Task CheckReopenedAsync(EmbeddedWorld world, StateReport before)
    {
        Reference? reference = null;
        StateReport reopened = await world.ReopenAsync(async log =>
        {
            List<EventSets.Read>[] records = await _oracle.ReadAsync(log);
            _oracle.CheckLog(log, records);
            reference = _oracle.Replay(records);
        });
        Oracle.CheckState(reference!, before);
        Oracle.CheckState(reference!, reopened);
    }

    /// <summary>Where the disk has changed what lay on it: either everything holds all the same, or the platform says what is
    /// damaged.</summary>
    private async Task EndDamagedAsync(EmbeddedWorld world, Task clients, Task supervisor)
    {
        try
        {
            Task<StateReport> converging = world.ConvergeAsync();
            Task ended = await Task.WhenAny(Task.WhenAll(clients, converging), supervisor, ToldAsync(world),
                Task.Delay(s_patience, _clock));
            // A supervisor that has ended has failed: clients that give up would hide why.
            await (ended == supervisor ? supervisor : Task.CompletedTask);
            world.IsGivenUp = true;
            await EndAsync(clients, supervisor);
            if (converging.IsCompleted)
            {
                // What clients sent meanwhile is in it, too; and damage may be met as late as that.
                converging = world.ConvergeAsync();
                await Task.WhenAny(converging, ToldAsync(world), Task.Delay(s_patience, _clock));
            }
            if (!converging.IsCompleted)
            {
                _told = world.Told ?? throw new SimulationFailure(
                    $"The platform neither goes on nor says what is damaged. {_problem()}");
                await world.CheckServedAsync();
                await world.StopAsync(supervisor);
                return;
            }
            StateReport report = await converging;
            await world.StopAsync(supervisor);
            await CheckReopenedAsync(world, report);
        }
        catch (Exception e) when (e is StorageException or PlatformUnavailableException or InvalidDataException)
        {
            _told = e.Message;
            _story.Tell($"The platform says: {e.Message}");
            await world.StopAsync(supervisor);
        }
    }

    /// <summary>Some seconds after the platform has said for the first time what is damaged.</summary>
    private async Task ToldAsync(EmbeddedWorld world)
    {
        do
        {
            await Task.Delay(TimeSpan.FromSeconds(3), _clock);
            world.Look();
        }
        while (world.Told is null);
    }

    private Trial Draw() => new("drawn", _random.Next(1, 4), _random.Next(1, 4), new Workload(_random.Next(2, 16), _random.Next(1, 12),
        _random.Next(1, 25), TimeSpan.FromMilliseconds(_random.Next(1, 1500))), 0);

    /// <summary>Waits for work that must come to an end; a supervisor that fails ends it, too.</summary>
    private async Task EndAsync(Task work, Task supervisor, TimeSpan? patience = null)
    {
        try
        {
            await await Task.WhenAny(work, supervisor).WaitAsync(patience ?? s_patience, _clock);
        }
        catch (TimeoutException)
        {
            throw new SimulationFailure($"Not all was accepted and applied within {s_patience.TotalMinutes} min of simulated time. {_problem()}");
        }
    }

    private Client ClientOf(int number, IWorld world, Trial trial) =>
        new(number, new Random(_random.Next()), _clock, world, _oracle, trial.Load, _values is null ? null : new Random(_values.Next()));

    // Seeds that follow each other must not give sequences that do.
    private static int HashCode(long seed, int stream)
    {
        ulong x = (ulong)seed * 0x9E3779B97F4A7C15 + (ulong)stream * 0xBF58476D1CE4E5B9;
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
        x = (x ^ x >> 27) * 0x94D049BB133111EB;
        return (int)((x ^ x >> 31) & int.MaxValue);
    }
}

/// <summary>What became of a seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Failure">What broke, or null.</param>
/// <param name="Simulated">Simulated time that passed.</param>
/// <param name="Steps">Picks of the scheduler.</param>
/// <param name="Operations">Operations of the disk.</param>
/// <param name="Changes">Of these, such that change what is on the disk.</param>
/// <param name="Sent">Events sent.</param>
/// <param name="Acknowledged">Events acknowledged.</param>
/// <param name="Trace">Hash of all that happened: equal for equal runs.</param>
/// <param name="IsDamaged">Whether the disk changed what lay on it.</param>
/// <param name="Told">What the platform said to be damaged, or null.</param>
/// <param name="Served">Streams that it served all the same, and whose states were looked at.</param>
/// <param name="HasValues">Whether the model read values, and clients sent values and labels.</param>
internal sealed record Outcome(long Seed, string? Failure, TimeSpan Simulated, long Steps, long Operations,
    long Changes, int Sent, int Acknowledged, ulong Trace, bool IsDamaged, string? Told, int Served, bool HasValues);
