using System.Security.Cryptography;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Faults.Disk;
using Foretell.Faults.Time;
using Foretell.Stores.Sqlite;
using Foretell.Stores.Sqlite.Maintenance;
using Foretell.Support;
using static Foretell.Faults.Worlds.SimulationFailure;

namespace Foretell.Faults.Worlds;

/// <summary>A data directory that is backed up, restored or repaired, with one blow in the work; then the work is done once more. The
/// source stays as it was, nothing bears the target's name that is not whole, no damaged file is gone, and what the repeat has told of
/// outlives a power cut.</summary>
internal sealed class MaintenanceWorld(Random random, SimulatedClock clock, SimulatedDisk disk, Weather weather, Oracle oracle,
    string directory, Story story, Blow blow)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    private readonly string _data = Path.Combine(directory, "data"), _copy = Path.Combine(directory, "copy"),
        _restored = Path.Combine(directory, "restored"), _twin = Path.Combine(directory, "twin");

    /// <summary>Operations of the disk while the work got its blow.</summary>
    public long Operations { get; private set; }

    /// <summary>Of these, such that change what is on the disk.</summary>
    public long Changes { get; private set; }

    /// <summary>Runs the trial of the blow.</summary>
    public async Task RunAsync()
    {
        DataFiles.Current.CreateDirectory(_data);
        EmbeddedWorld world = Platform(_data);
        Task supervisor = world.SuperviseAsync();
        await EndAsync(FillAsync(world), supervisor);
        if (blow.Trial.Upkeep == Upkeep.Backup)
        {
            await BackUpAsync(world, supervisor);
            return;
        }
        await world.EndAsync(supervisor);
        disk.BeginProcess();
        await (blow.Trial.Upkeep == Upkeep.Restore ? RestoreAsync() : RepairAsync());
    }

    /// <summary>The platform serves the directory meanwhile, and has events in its write-ahead log.</summary>
    private async Task BackUpAsync(EmbeddedWorld world, Task supervisor)
    {
        Strike(() => DataDirectoryBackup.Run(_data, _copy));
        await EndAsync(world.ConvergeAsync(), supervisor);
        Repeat(_copy, () => DataDirectoryBackup.Run(_data, _copy));
        await world.StopAsync(supervisor);
        LosePower();
        await CheckAsync(_copy);
        await CheckAsync(_data);
    }

    private async Task RestoreAsync()
    {
        DataDirectoryBackup.Run(_data, _copy);
        string before = Digest(_copy);
        Strike(() => DataDirectoryBackup.Restore(_copy, _restored));
        Unless(Digest(_copy) == before, $"The backup is not as it was before it was restored.");
        Repeat(_restored, () => DataDirectoryBackup.Restore(_copy, _restored));
        LosePower();
        Unless(Digest(_copy) == before, $"The backup is not as it was before it was restored.");
        await CheckAsync(_restored);
    }

    /// <summary>A twin of the directory is repaired without a blow: what it holds then is what the other must hold.</summary>
    private async Task RepairAsync()
    {
        string[] damaged = Damage();
        DataFiles.Current.CreateDirectory(_twin);
        foreach (string file in DataFiles.Current.List(_data))
        {
            string copy = Path.Combine(_twin, Path.GetFileName(file));
            DataFiles.Current.Copy(file, copy);
            DataFiles.Current.Sync(copy);
        }
        DataFiles.Current.SyncDirectory(_twin);
        string[] done = [.. DataDirectoryRepair.Run(_twin, clock)];
        Unless(done.Length >= (blow.Trial.Upkeep == Upkeep.Rescue ? 1 : 4), $"More was to be repaired: {string.Join(" ", done)}");

        Strike(() => done = [.. DataDirectoryRepair.Run(_data, clock)]);
        string[] repeated = [.. DataDirectoryRepair.Run(_data, clock)];
        LosePower();
        story.Tell($"Repaired: {string.Join(" ", done)} Once more: {string.Join(" ", repeated)}");
        CheckFiles(_data);
        HashSet<string> there = [.. FilesBelow(_data).Select(Digest)];
        Unless(damaged.All(there.Contains), $"A damaged file is gone: {there.Count} files are there.");
        (List<EventSets.Read>[] records, StateReport state) = await ReadAsync(_data);
        (List<EventSets.Read>[] expected, StateReport same) = await ReadAsync(_twin);
        oracle.CheckEnds(expected);
        for (int partition = 0; partition < expected.Length; partition++)
        {
            Unless(records[partition].SequenceEqual(expected[partition]),
                $"Partition {partition} has {records[partition].Count} records that are not those of a repair without a blow, {expected[partition].Count}.");
        }
        Unless((state.Applied, state.DeadLetterCount, state.Digest) == (same.Applied, same.DeadLetterCount, same.Digest),
            $"The state is not that behind a repair without a blow: {state.Applied} events are applied, and there {same.Applied}.");
    }

    /// <summary>Events are in the files, others in write-ahead logs, and rows were committed.</summary>
    private async Task FillAsync(EmbeddedWorld world)
    {
        for (int client = 0; client < blow.Trial.Clients; client++)
        {
            await ClientOf(world, client).RunAsync();
            await world.ConvergeAsync();
            await Task.Delay(TimeSpan.FromSeconds(3), clock);
            world.Restart();
        }
        await world.ConvergeAsync();
        await ClientOf(world, 98).RunAsync();
        await ClientOf(world, 99).SendLastAsync();
        await world.ConvergeAsync();
    }

    private Client ClientOf(IWorld world, int number) =>
        new(number, new Random(random.Next()), clock, world, oracle, blow.Trial.Load, values: null);

    private EmbeddedWorld Platform(string path) =>
        new(new Random(random.Next()), clock, disk, weather, oracle, path, blow.Trial.Partitions, SharedRows.Plain, story);

    /// <summary>Does the work with the blow in it.</summary>
    private void Strike(Action work)
    {
        (long operations, long changes, int open) = (disk.Operations, disk.Changes, SimulatedVfs.OpenHandles);
        disk.FailAt = blow.FailAt > 0 ? operations + blow.FailAt : 0;
        (disk.EndAt, disk.LosesPowerAtEnd) = (blow.EndAt > 0 ? changes + blow.EndAt : 0, blow.LosesPower);
        try
        {
            work();
            story.Tell($"The work came to its end.");
        }
        catch (Exception e) when (e is StorageException or PlatformUnavailableException or IOException)
        {
            story.Tell($"The work ended: {e.Message}");
        }
        catch (Exception e)
        {
            throw new SimulationFailure($"The work ended with another exception than one that says why: {e}");
        }
        (Operations, Changes) = (disk.Operations - operations, disk.Changes - changes);
        // Work that the blow ended had more to come.
        Operations += Operations == blow.FailAt ? 1 : 0;
        Changes += Changes == blow.EndAt ? 1 : 0;
        (disk.FailAt, disk.EndAt) = (0, 0);
        Unless(SimulatedVfs.OpenHandles == open, $"{SimulatedVfs.OpenHandles - open} files stay open behind the work.");
        if (disk.Process.IsDead && open == 0)
        {
            // Where a platform served meanwhile, whoever keeps it running begins the next process.
            disk.BeginProcess();
        }
    }

    /// <summary>What has the target's name is whole, and is not overwritten; otherwise the work succeeds this time.</summary>
    private static void Repeat(string target, Action work)
    {
        bool isThere = DataFiles.Current.DirectoryExists(target) && DataFiles.Current.List(target).Count > 0;
        if (isThere)
        {
            CheckFiles(target);
        }
        try
        {
            work();
            Unless(!isThere, $"{target} was there, and was written to all the same.");
        }
        catch (StorageException e) when (isThere)
        {
            Unless(e.Message.Contains("exists already"), $"{target} is there, and was refused for another reason: {e.Message}");
        }
    }

    private void LosePower()
    {
        disk.LosePower();
        disk.BeginProcess();
    }

    private static void CheckFiles(string path)
    {
        DirectoryFinding? damage = DataDirectoryCheck.Run(path).FirstOrDefault(finding => finding.IsDamage);
        Unless(damage is null, $"{path} is damaged: {damage?.File}: {damage?.Message}");
    }

    /// <summary>A directory holds everything acknowledged, and the state of it.</summary>
    private async Task CheckAsync(string path)
    {
        CheckFiles(path);
        Reference? reference = null;
        StateReport state = await Platform(path).ReopenAsync(async log =>
        {
            List<EventSets.Read>[] records = await oracle.ReadAsync(log);
            oracle.CheckLog(log, records);
            reference = oracle.Replay(records);
        });
        Oracle.CheckState(reference!, state);
    }

    private async Task<(List<EventSets.Read>[], StateReport)> ReadAsync(string path)
    {
        List<EventSets.Read>[] records = [];
        StateReport state = await Platform(path).ReopenAsync(async log => records = await oracle.ReadAsync(log));
        return (records, state);
    }

    /// <summary>Bytes rot in the log, in the rows of a partition and in the alerts, each with its write-ahead log; or the log's file is
    /// gone.</summary>
    /// <returns>Digests of the files that a repair has to put aside.</returns>
    private string[] Damage()
    {
        SimulatedFile[] damaged =
        [
            .. FilesBelow(_data).Where(file => Path.GetFileName(file.Path) is "log.db" or "log.db-wal" or "shard-0000.db" or "shard-0000.db-wal"
                or "alerts.db" or "alerts.db-wal"),
        ];
        foreach (SimulatedFile file in FilesBelow(_data))
        {
            // What rots was written long ago.
            file.Sync();
        }
        if (blow.Trial.Upkeep == Upkeep.Rescue)
        {
            // A missing file is not put aside.
            damaged = [.. damaged.Where(file => Path.GetFileName(file.Path) == "log.db-wal")];
            Unless(damaged.Length == 1 && disk.Delete(Path.Combine(_data, "log.db"), syncDirectory: true) == SqliteCode.Ok,
                $"The log was to have a write-ahead log, and to lose its file.");
            return [.. damaged.Select(Digest)];
        }
        foreach (SimulatedFile file in damaged)
        {
            // The end of a write-ahead log has what stands nowhere else; what is in front of it stands there once more.
            for (long at = Path.GetFileName(file.Path) == "alerts.db" ? 0 : file.Length / 3; at < file.Length; at += 97)
            {
                file.Rot(at, (int)(at % 8));
            }
        }
        IEnumerable<SimulatedFile> witness = FilesBelow(_data).Where(file => Path.GetFileName(file.Path) == AcknowledgedEnds.FileName);
        return [.. damaged.Concat(witness).Select(Digest)];
    }

    private IEnumerable<SimulatedFile> FilesBelow(string path) =>
        disk.Files.Where(file => file.Path.StartsWith(path + Path.DirectorySeparatorChar, StringComparison.Ordinal));

    private static string Digest(SimulatedFile file)
    {
        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        return Convert.ToHexString(SHA256.HashData(bytes));
    }

    private string Digest(string path) =>
        string.Join(" ", FilesBelow(path).OrderBy(file => file.Path, StringComparer.Ordinal).Select(file => $"{file.Path} {Digest(file)}"));

    /// <summary>Waits for work that must come to an end; a supervisor that fails ends it, too.</summary>
    private async Task EndAsync(Task work, Task supervisor) => await await Task.WhenAny(work, supervisor).WaitAsync(s_patience, clock);
}
