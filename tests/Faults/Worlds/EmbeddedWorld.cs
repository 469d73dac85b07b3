using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Rows;
using Foretell.Engine.Store;
using Foretell.Faults.Disk;
using Foretell.Faults.Time;
using Foretell.Hosting;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using static Foretell.Faults.Worlds.SimulationFailure;

namespace Foretell.Faults.Worlds;

/// <summary>The embedded platform on the simulated disk. It is killed, loses its power, is restarted, and comes up again each
/// time.</summary>
internal sealed class EmbeddedWorld(Random random, SimulatedClock clock, SimulatedDisk disk, Weather weather, Oracle oracle,
    string directory, int partitions, Story story) : IWorld
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeSpan _commitInterval = TimeSpan.FromMilliseconds(random.Next(20, 2000));
    private readonly int _batchSize = random.Next(2) == 0 ? random.Next(1, 40) : 4096;
    private readonly int _commitRecords = random.Next(2) == 0 ? random.Next(1, 50) : 200_000;
    private readonly AlertRule _alerts = random.Next(4) == 0 ? new AlertRule() : AlertRule.Off;
    private Running? _running;

    /// <inheritdoc/>
    public long Generation { get; private set; }

    /// <summary>How long the log keeps records; null for ever.</summary>
    public TimeSpan? Retain { get; init; }

    /// <summary>Whether a start may find the directory of an earlier release, which keeps every record.</summary>
    public bool IsUpgraded { get; init; }

    /// <summary>Whether what lies on the disk may change by itself: then the platform need not hold, but has to say so.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>What the platform has said to be damaged, or null.</summary>
    public string? Told { get; private set; }

    /// <summary>Looks whether the status says why a partition is not served: on a disk that is healed, that is damage.</summary>
    public void Look()
    {
        if (IsHealed && _running?.Platform.Status() is { UnservedPartitions: > 0, Problems: [var problem, ..] })
        {
            Told ??= problem;
        }
    }

    /// <inheritdoc/>
    public bool IsGivenUp { get; set; }

    /// <summary>Whether the platform has to come up at the first try.</summary>
    public bool IsHealed { get; set; }

    /// <summary>Keeps the platform running until <see cref="StopAsync"/>.</summary>
    public async Task SuperviseAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            disk.BeginProcess();
            if (IsUpgraded && random.Next(2) == 0)
            {
                story.Tell($"The directory is that of an earlier release.");
                EarlierRelease.Leave(disk, weather, directory);
            }
            if (await TryOpenAsync() is not { } platform)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 1000)), clock);
                continue;
            }
            Generation++;
            story.Tell($"The platform is up.");
            var running = _running = new Running(platform, disk.Process);
            await Task.WhenAny(running.Process.Ended, running.Asked.Task);
            _running = null;
            story.Tell($"The platform is down; its process {(running.Process.IsDead ? "died" : "stops")}.");
            // What a dead process still does is without effect; its memory has to be given back all the same.
            await (running.Process.IsDead ? platform.AbandonAsync() : platform.DisposeAsync());
            Unless(SimulatedVfs.OpenHandles == 0, $"{SimulatedVfs.OpenHandles} files are still open in a platform that has stopped.");
            if (!_stop.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 3000)), clock);
            }
        }
    }

    /// <summary>The process is killed.</summary>
    public void Kill()
    {
        Weather.Count(FaultKind.Kill);
        story.Tell($"The process is killed.");
        disk.Process.End();
    }

    /// <summary>An operator restarts it.</summary>
    public void Restart()
    {
        Weather.Count(FaultKind.Restart);
        story.Tell($"An operator restarts the platform.");
        _running?.Asked.TrySetResult();
    }

    /// <summary>Stops it for good, with a last commit.</summary>
    public async Task StopAsync(Task supervisor)
    {
        await _stop.CancelAsync();
        _running?.Asked.TrySetResult();
        await supervisor;
    }

    /// <summary>Kills it for good.</summary>
    public async Task EndAsync(Task supervisor)
    {
        await _stop.CancelAsync();
        Kill();
        await supervisor;
    }

    /// <summary>Why the platform has not converged yet, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Waits until it is up and has caught up with its log, and tells its state.</summary>
    public async Task<StateReport> ConvergeAsync()
    {
        while (true)
        {
            try
            {
                return await TryConvergeAsync();
            }
            catch (PlatformUnavailableException e)
            {
                Problem = e.ToString();
                await Task.Delay(TimeSpan.FromSeconds(1), clock);
            }
        }
    }

    private async Task<StateReport> TryConvergeAsync()
    {
        while (_running is not { Process.IsDead: false, Asked.Task.IsCompleted: false })
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), clock);
        }
        EmbeddedPlatform platform = _running.Platform;
        await platform.Ready;
        await platform.DrainAsync(CancellationToken.None);
        PlatformStatus status = platform.Status();
        return status.UnservedPartitions == 0
            ? await ReportAsync(platform, status)
            : throw new PlatformUnavailableException($"Partitions are not served: {string.Join(" ", status.Problems)}");
    }

    /// <summary>Streams that were served beside what is damaged, and hold every promise.</summary>
    public int ServedBesideDamage { get; private set; }

    /// <summary>Where something is damaged: the partitions that are served hold every promise, and the status names the others. Where
    /// the platform does not start, it has said why.</summary>
    public Task CheckServedAsync() =>
        _running is { Process.IsDead: false, Platform: var platform } ? CheckServedAsync(platform) : Task.CompletedTask;

    private async Task CheckServedAsync(EmbeddedPlatform platform)
    {
        var log = (IEventLog)platform.SourceLog;
        var records = new List<EventSets.Read>?[log.PartitionCount];
        for (int partition = 0; partition < records.Length; partition++)
        {
            if (await IsCaughtUpAsync(platform, partition, log.End(partition).Sequence))
            {
                records[partition] = await TryReadAsync(log, partition);
            }
            else
            {
                IReadOnlyList<string> problems = platform.Status().Problems;
                Unless(problems.Any(problem => problem.Contains($"artition {partition}") || problem.StartsWith("The log")),
                    $"Partition {partition} does not go on, and the status does not say so but '{string.Join(" ", problems)}'.");
            }
        }
        var digests = new Dictionary<string, string?>();
        foreach (string stream in oracle.Streams.Where(stream => records[EventSets.PartitionOf(stream, records.Length)] is not null))
        {
            digests.Add(stream, (await platform.FindAsync(stream, CancellationToken.None))?.Digest(Small.Valued));
        }
        oracle.CheckServed(log, records, digests);
        ServedBesideDamage += records.Contains(null) ? digests.Count : 0;
    }

    private async Task<bool> IsCaughtUpAsync(EmbeddedPlatform platform, int partition, long end)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10), clock);
        try
        {
            await (end == 0 ? Task.CompletedTask : platform.WaitAppliedAsync(new Position([(partition, end)]), patience.Token));
            return true;
        }
        catch (Exception e) when (e is PlatformUnavailableException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Null where the log is damaged in what a restart may have to read once more.</summary>
    private static async Task<List<EventSets.Read>?> TryReadAsync(IEventLog log, int partition)
    {
        try
        {
            return await log.ReadAllAsync(partition, maximum: 97);
        }
        catch (Exception e) when (e is InvalidDataException or PlatformUnavailableException)
        {
            return null;
        }
    }

    /// <summary>Opens what was stopped once more, and tells what its log and its store hold.</summary>
    public async Task<StateReport> ReopenAsync(Func<IEventLog, Task> check)
    {
        disk.BeginProcess();
        if (IsDamaged)
        {
            await using EmbeddedPlatform damaged = await EmbeddedPlatform.OpenAsync(Options());
            await damaged.Ready;
            await CheckServedAsync(damaged);
        }
        await using (SqliteEventLog log = SqliteEventLog.Open(Path.Combine(directory, "log.db"), null, clock))
        {
            await check(log);
        }
        await using EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(Options());
        await platform.Ready;
        await platform.DrainAsync(CancellationToken.None);
        return await ReportAsync(platform, platform.Status());
    }

    /// <inheritdoc/>
    public Task<AppendReceipt> AppendAsync(EventBatch batch, IdempotentRequest? request) =>
        CallAsync(platform => platform.AppendAsync(batch, request, CancellationToken.None));

    /// <inheritdoc/>
    public Task WaitAppliedAsync(Position position, CancellationToken cancellationToken) => CallAsync(async platform =>
    {
        await platform.WaitAppliedAsync(position, cancellationToken);
        return true;
    });

    /// <inheritdoc/>
    public Task<StreamSnapshot?> FindAsync(string stream) =>
        CallAsync(async platform => await platform.FindAsync(stream, CancellationToken.None));

    /// <summary>What a process answers after its end reaches nobody.</summary>
    private async Task<T> CallAsync<T>(Func<EmbeddedPlatform, Task<T>> call)
    {
        if (_running is not { } running)
        {
            throw new PlatformUnavailableException("Nothing listens.");
        }
        T answer = await call(running.Platform);
        return running.Process.IsDead ? throw new PlatformUnavailableException("The answer got lost.") : answer;
    }

    private static async Task<StateReport> ReportAsync(EmbeddedPlatform platform, PlatformStatus status) =>
        new(status.EventsApplied, status.DeadLetters, await platform.DeadLettersAsync(100_000, CancellationToken.None),
            await platform.StateDigestAsync(CancellationToken.None));

    private async Task<EmbeddedPlatform?> TryOpenAsync()
    {
        DiskProcess process = disk.Process;
        EmbeddedPlatform? platform = null;
        bool isHealed = IsHealed;
        try
        {
            platform = await EmbeddedPlatform.OpenAsync(Options());
        }
        catch (Exception e) when ((!isHealed || IsDamaged) && (process.IsDead || e is StorageException))
        {
            Told = isHealed ? e.Message : Told;
            // A disk that fails keeps it from starting; it says so, and whoever started it tries again.
            story.Tell($"The platform does not start: {e.Message}");
        }
        catch (Exception e) when (!process.IsDead)
        {
            throw new SimulationFailure($"A start ended with another exception than one that says why: {e}");
        }
        if (process.IsDead && platform is not null)
        {
            await platform.AbandonAsync();
            platform = null;
        }
        Unless(platform is not null || SimulatedVfs.OpenHandles == 0, $"A start that failed left {SimulatedVfs.OpenHandles} files open.");
        return platform;
    }

    private async Task<PlatformStorage> OpenStorageAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        PlatformStorage storage = await SqliteStorage.In(directory, partitions)(time, cancellationToken);
        return storage.With(new MirroredLog(storage.Log, oracle));
    }

    private EmbeddedOptions Options() => new()
    {
        OpenStorage = OpenStorageAsync,
        Retain = Retain,
        Model = Small.Valued,
        Device = SharedRows.Device,
        Shared = true,
        Threads = 1,
        BatchSize = _batchSize,
        CommitInterval = _commitInterval,
        CommitRecords = _commitRecords,
        Alerts = _alerts,
        LateTolerance = random.Next(4) == 0 ? TimeSpan.FromSeconds(random.Next(1, 8)) : null,
        Time = clock,
        Logger = story,
    };

    private sealed record Running(EmbeddedPlatform Platform, DiskProcess Process)
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
