using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Faults.Disk;
using Foretell.Hosting;
using Foretell.Stores.Sqlite;
using Foretell.Support;
using Microsoft.Extensions.Logging.Abstractions;
using static Foretell.Faults.Worlds.SimulationFailure;

namespace Foretell.Faults.Scenarios;

/// <summary>Single faults of the disk below the SQLite log and store.</summary>
internal static class StorageScenarios
{
    /// <summary>A process is killed between the write of a commit and its sync. The next one finds the commit in the system's memory;
    /// a shard applies what it is shown, so it has to survive the power cut that follows.</summary>
    public static async Task Log_WhenACommitWasLeftUnsyncedByAKill_IsMadeDurableBeforeItIsShown(Stage stage)
    {
        int unsynced = 0;
        // What a power cut leaves is drawn, and now and then it is everything: each change of a commit has some tries.
        for (int round = 0, at = 1; round < 60; round++)
        {
            SqliteEventLog killed = Open(stage);
            // The first commit begins the WAL; from then on they are alike.
            await killed.AppendAsync(EventSets.Batch(("a", 1, "")));
            long changes = stage.Disk.Changes;
            await killed.AppendAsync(EventSets.Batch(("a", 2, "")));
            (long acknowledged, int most) = (killed.End(0).Sequence, (int)(stage.Disk.Changes - changes));
            at = at % most + 1;
            stage.Disk.EndAt = stage.Disk.Changes + at;
            await RefusedAsync(killed.AppendAsync(EventSets.Batch(("a", 3, ""))));
            Unless(stage.Disk.Process.IsDead, $"The process was to end within the commit.");
            await killed.DisposeAsync();

            unsynced += stage.Disk.Files.Any(file => file.Path == SqliteWal.PathOf(stage.Log) && file.Pending > 0) ? 1 : 0;
            stage.Disk.BeginProcess();
            SqliteEventLog next = Open(stage);
            long shown = next.End(0).Sequence;
            Unless(shown >= acknowledged, $"The log ends at record {shown}, and record {acknowledged} was acknowledged.");
            stage.Disk.LosePower();
            await next.DisposeAsync();

            stage.Disk.BeginProcess();
            await EndsAtAsync(stage, shown);
        }
        Unless(unsynced >= 10, $"Only {unsynced} kills left a write-ahead log that was not synced.");
    }

    /// <summary>A log that cannot be written when it is opened is served all the same. What it shows may be gone after a power cut, so
    /// no row of it is committed before the log could be written.</summary>
    public static async Task Store_WhenTheLogCouldNotBeMadeDurable_WaitsForIt(Stage stage)
    {
        await AppendAsync(stage, 1);
        await using (PlatformStorage first = await SqliteStorage.In(stage.Directory)(stage.Clock, default))
        {
            await first.Store.TakeEpochAsync(0, default);
        }
        SqliteEventLog killed = Open(stage);
        await killed.AppendAsync(EventSets.Batch(("a", 2, "")));
        stage.Disk.Process.End();
        await killed.DisposeAsync();

        stage.Disk.BeginProcess();
        (stage.Weather.IsBad, stage.Weather[FaultKind.WriteFails]) = (true, 1);
        await using PlatformStorage storage = await SqliteStorage.In(stage.Directory)(stage.Clock, default);
        stage.Weather.IsBad = false;
        Unless(storage.Log.End(0).Sequence > 0 && storage.Log.Problem is not null, $"The log was to be served, and to say that it cannot be written.");
        long epoch = await storage.Store.TakeEpochAsync(0, default);
        using var commit = new ShardCommit(new ShardHeader
        {
            Position = 1, Policy = EventTimePolicy.OfNewLogs, ModelId = Small.Model.Id, RowsPerPage = 4, Rows = 0, Totals = default,
        });
        await RefusedAsync(storage.Store.CommitAsync(0, epoch, commit, default));
        await storage.Log.AppendAsync(EventSets.Batch(("a", 3, "")));
        await storage.Store.CommitAsync(0, epoch, commit, default);
    }

    /// <summary>A sync fails, and the system takes what it lost for written. What is acknowledged later lies behind it.</summary>
    public static async Task Log_WhenTheSystemForgotAFailedSync_KeepsWhatIsAcknowledgedLater(Stage stage)
    {
        await AppendAsync(stage, 1);
        SqliteEventLog log = Open(stage);
        for (int i = 0; i < 20; i++)
        {
            (stage.Weather.IsBad, stage.Weather[FaultKind.SyncForgets]) = (true, 1);
            await RefusedAsync(log.AppendAsync(EventSets.Batch(("a", 2, ""))));
            stage.Weather.IsBad = false;
            await log.AppendAsync(EventSets.Batch(("a", 3, "")));
        }
        long acknowledged = log.End(0).Sequence;
        stage.Disk.LosePower();
        await log.DisposeAsync();

        stage.Disk.BeginProcess();
        await EndsAtAsync(stage, acknowledged);
    }

    /// <summary>A sync fails and is forgotten, the process is killed, and the next one shows the commit: it has to outlive the power,
    /// and no older page may come back with it.</summary>
    public static async Task Log_WhenAForgottenSyncIsShownByTheNextProcess_OutlivesThePowerCut(Stage stage)
    {
        for (int i = 0; i < 30; i++)
        {
            SqliteEventLog killed = Open(stage);
            await killed.AppendAsync(EventSets.Batch(("a", 1, "")));
            (stage.Weather.IsBad, stage.Weather[FaultKind.SyncForgets]) = (true, 1);
            await RefusedAsync(killed.AppendAsync(EventSets.Batch(("a", 2, ""), ("b", 2, ""))));
            stage.Weather.IsBad = false;
            await killed.AppendAsync(EventSets.Batch(("a", 3, ""), ("c", 3, "")));
            stage.Disk.Process.End();
            await killed.DisposeAsync();

            stage.Disk.BeginProcess();
            SqliteEventLog next = Open(stage);
            long shown = next.End(0).Sequence;
            stage.Disk.LosePower();
            await next.DisposeAsync();

            stage.Disk.BeginProcess();
            await EndsAtAsync(stage, shown);
        }
    }

    /// <summary>A start writes the write-ahead log once more, and a piece of it lands in another place: behind it SQLite believes
    /// nothing, and what it believed a moment ago was compared with the witness. Numbers are not given out twice.</summary>
    public static async Task Log_WhenItsWriteAheadLogLandsElsewhereAtAStart_IsRefusedOrWhole(Stage stage)
    {
        int refused = 0;
        stage.Weather[FaultKind.Misdirected] = 0.2;
        for (int round = 0; round < 60; round++)
        {
            Stage ofRound = stage with { Directory = Path.Combine(stage.Directory, $"{round}") };
            DataFiles.Current.CreateDirectory(ofRound.Directory);
            await AppendAsync(ofRound, 2);
            SqliteEventLog killed = Open(ofRound);
            for (int i = 0; i < 25; i++)
            {
                await killed.AppendAsync(EventSets.Batch(("a", i, "")));
            }
            long acknowledged = killed.End(0).Sequence;
            stage.Disk.Process.End();
            await killed.DisposeAsync();

            stage.Disk.BeginProcess();
            stage.Weather.IsBad = true;
            try
            {
                await using SqliteEventLog log = Open(ofRound);
                long end = log.End(0).Sequence;
                Unless(end == acknowledged, $"The log goes on behind record {end}, and record {acknowledged} was acknowledged.");
            }
            catch (StorageException)
            {
                refused++;
            }
            finally
            {
                stage.Weather.IsBad = false;
            }
        }
        Unless(refused is > 5 and < 55, $"{refused} starts wrote to another place.");
    }

    /// <summary>A commit is durable, and its witness does not hear of it. The next process shows it, rows are made of it: from there on
    /// the witness knows it, so that its loss is told and not taken for something that never was.</summary>
    public static async Task Log_WhenItsWitnessMissedACommit_TellsItBeforeItIsShown(Stage stage)
    {
        await AppendAsync(stage, 1);
        int missed = 0;
        for (int operation = 1; await KillAtAsync(operation); operation++)
        {
            long told = Witnessed();
            await using SqliteEventLog next = Open(stage);
            missed += told < next.End(0).Sequence ? 1 : 0;
            Unless(Witnessed() == next.End(0).Sequence, $"The log shows record {next.End(0).Sequence}, and its witness knows {Witnessed()}.");
        }
        Unless(missed > 0, $"No commit was kept from the witness.");

        long Witnessed() => AcknowledgedEnds.Read(Path.Combine(stage.Directory, AcknowledgedEnds.FileName)).Ends[0].Sequence;

        async Task<bool> KillAtAsync(int operation)
        {
            SqliteEventLog killed = Open(stage);
            long failAt = stage.Disk.FailAt = stage.Disk.Operations + operation;
            bool isTaken = await IsTakenAsync(killed.AppendAsync(EventSets.Batch(("a", 2, ""))));
            stage.Disk.Process.End();
            await killed.DisposeAsync();
            stage.Disk.BeginProcess();
            return !isTaken || stage.Disk.Operations >= failAt;
        }
    }

    /// <summary>An append fails behind its commit. Nothing is copied out of the write-ahead log until it was read anew: where the copy
    /// fails, too, and the log is damaged then, half of what was never acknowledged would stay.</summary>
    public static async Task Log_WhenAnAppendFails_LeavesItsFileAsItWas(Stage stage)
    {
        await AppendAsync(stage, 1);
        await using SqliteEventLog log = Open(stage);
        await log.AppendAsync(EventSets.Batch(("a", 2, "")));
        for (int operation = 1; ; operation++)
        {
            byte[] before = Content();
            long failAt = stage.Disk.FailAt = stage.Disk.Operations + operation;
            bool isTaken = await IsTakenAsync(log.AppendAsync(EventSets.Batch(("a", 3, ""))));
            if (stage.Disk.Operations < failAt)
            {
                return;
            }
            Unless(isTaken || Content().AsSpan().SequenceEqual(before), $"The file was written to behind an append whose operation {operation} failed.");
            // Whatever it opens, reads and makes durable anew is not what fails next.
            await log.AppendAsync(EventSets.Batch(("a", 4, "")));
        }

        byte[] Content()
        {
            SimulatedFile file = stage.Disk.Files.Single(f => f.Path == stage.Log);
            byte[] bytes = new byte[file.Length];
            file.Read(0, bytes);
            return bytes;
        }
    }

    /// <summary>A log was made, or given its name, by a process whose disk failed: the next one shows it and cannot make it durable. No
    /// shard's file is given that name before it is, or a power cut would leave the file with the name of a log that never was.</summary>
    public static async Task Store_WhenTheLogsNameMayNotLast_DoesNotTakeIt(Stage stage)
    {
        int shown = 0;
        for (int round = 0; round < 200; round++)
        {
            Stage ofRound = stage with { Directory = Path.Combine(stage.Directory, $"{round}") };
            DataFiles.Current.CreateDirectory(ofRound.Directory);
            stage.Disk.SyncFolder(stage.Directory);
            stage.Disk.FailAt = stage.Disk.Operations + 1 + round / 4;
            await ((await TryOpenAsync(ofRound))?.DisposeAsync() ?? default);
            stage.Disk.FailAt = 0;
            (stage.Weather.IsBad, stage.Weather[FaultKind.WriteFails]) = (true, 1);
            if (await TryOpenAsync(ofRound) is { } served)
            {
                stage.Weather.IsBad = false;
                shown++;
                await IsTakenAsync(served.Store.TakeEpochAsync(0, default));
                stage.Disk.LosePower();
                await served.DisposeAsync();
                stage.Disk.BeginProcess();
            }
            stage.Weather.IsBad = false;
            await using PlatformStorage storage = await SqliteStorage.In(ofRound.Directory, 1)(stage.Clock, default);
            await storage.Store.TakeEpochAsync(0, default);
        }
        Unless(shown > 10, $"Only {shown} logs were shown that could not be written.");

        static async Task<PlatformStorage?> TryOpenAsync(Stage stage)
        {
            try
            {
                return await SqliteStorage.In(stage.Directory, 1)(stage.Clock, default);
            }
            catch (StorageException)
            {
                return null;
            }
        }
    }

    /// <summary>A log that opens, and whose ends cannot be read.</summary>
    public static async Task Log_WhenItsEndsCannotBeRead_LeavesNoFileOpen(Stage stage)
    {
        await AppendAsync(stage, 1);
        await FailAtEachAsync(stage, async () => await Open(stage).DisposeAsync());
    }

    /// <summary>A log of alerts that cannot be opened.</summary>
    public static Task AlertLog_WhenItCannotBeOpened_LeavesNoFileOpen(Stage stage) =>
        FailAtEachAsync(stage, async () => await SqliteAlertLog.Open(stage.Directory, stage.Clock).DisposeAsync());

    /// <summary>The shard's file cannot be opened or read for a moment, while its rows load: the partition waits and loads them
    /// then.</summary>
    public static async Task Partition_WhenItsFileCannotBeReadWhileRowsLoad_TriesAgain(Stage stage)
    {
        await AppendAsync(stage, 1);
        await using SqliteEventLog log = Open(stage);
        await using var store = new SqliteStateStore(stage.Directory);
        await using (PartitionHost first = Host(stage, log, store))
        {
            first.Start();
            first.Follow(Background.Run, 100);
            await first.Applied.WaitAsync(1, CancellationToken.None);
            await first.CommitAsync();
        }
        await FailAtEachAsync(stage, async () =>
        {
            await using PartitionHost next = Host(stage, log, store);
            next.Start();
            await next.Ready.WaitAsync(TimeSpan.FromSeconds(5), stage.Clock);
        }, filesOfOthers: SimulatedVfs.OpenHandles);
    }

    private static PartitionHost Host(Stage stage, IEventLog log, SqliteStateStore store) =>
        new(new Shard(0, Small.Serving), log, store, new PartitionHostOptions { Time = stage.Clock }, NullLogger.Instance);

    private static SqliteEventLog Open(Stage stage) => SqliteEventLog.Open(stage.Log, 1, stage.Clock);

    private static async Task AppendAsync(Stage stage, int events)
    {
        await using SqliteEventLog log = Open(stage);
        for (int i = 0; i < events; i++)
        {
            await log.AppendAsync(EventSets.Batch(("a", i, "")));
        }
    }

    private static async Task EndsAtAsync(Stage stage, long expected)
    {
        await using SqliteEventLog log = Open(stage);
        long end = log.End(0).Sequence;
        Unless(end == expected, $"The log ends at record {end} behind the power cut; record {expected} was shown or acknowledged before.");
        Unless((await log.ReadAllAsync(0)).Count == end, $"Not every record of the log can be read.");
    }

    private static async Task RefusedAsync(Task work) =>
        Unless(!await IsTakenAsync(work), $"What could not be kept was taken all the same.");

    private static async Task<bool> IsTakenAsync(Task work)
    {
        try
        {
            await work;
            return true;
        }
        catch (PlatformUnavailableException)
        {
            return false;
        }
    }

    /// <summary>Fails each operation of some work in turn, until none is left to fail.</summary>
    private static async Task FailAtEachAsync(Stage stage, Func<Task> work, int filesOfOthers = 0)
    {
        for (int operation = 1; ; operation++)
        {
            long failAt = stage.Disk.FailAt = stage.Disk.Operations + operation;
            try
            {
                await work();
            }
            catch (StorageException)
            {
                // It is said, and nothing stays open.
            }
            Unless(SimulatedVfs.OpenHandles <= filesOfOthers, $"{SimulatedVfs.OpenHandles - filesOfOthers} files stay open where operation {operation} fails.");
            if (stage.Disk.Operations < failAt)
            {
                return;
            }
        }
    }
}
