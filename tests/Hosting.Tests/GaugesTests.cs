using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Store;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Hosting.Tests;

/// <summary>What gauges tell, and when they stop to tell it.</summary>
/// <remarks>Gauges are the process's, as listeners are (<see cref="TelemetryTests"/>).</remarks>
[Collection(nameof(AloneInTheProcess))]
public sealed class GaugesTests
{
    [Fact]
    public void Instruments_WhenTheyAreGauges_AreObserved()
    {
        // A recorded value stays with exporters for as long as the process lives, whatever becomes of what it told of.
        var recorded = new List<string>();
        var observed = new List<string>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == Telemetry.Name && instrument.GetType().Name.Contains("Gauge", StringComparison.Ordinal))
            {
                (instrument.IsObservable ? observed : recorded).Add(instrument.Name);
            }
        } };
        RuntimeHelpers.RunClassConstructor(typeof(PlatformGauges).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(PartitionGauges).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(StorageWatch).TypeHandle);

        listener.Start();

        Assert.Superset(new HashSet<string> { "foretell.pit.ks", "foretell.streams", "foretell.ready", "foretell.disk.free" },
            observed.ToHashSet());
        Assert.Empty(recorded);
    }

    [Fact]
    public async Task Gauges_WhenAPartitionIsServedNoMore_TellNothingOfIt()
    {
        using var directory = new TemporaryFolder();
        var told = new HashSet<string>();
        using MeterListener listener = Partitions(told);
        EmbeddedOptions options = Options(directory);
        await using (EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(options))
        {
            long now = EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow);
            await platform.AppendAsync(EventSets.Batch(("a", now, "view"), ("a", now, "view")), null, default);
            await platform.DrainAsync(default);
            listener.RecordObservableInstruments();
            Assert.Equal(["foretell.pit.ks 0"], told);
            await using (var other = new SqliteStateStore(directory.Path))
            {
                await other.TakeEpochAsync(0, default);
            }
            await platform.AppendAsync(EventSets.Batch(("a", now, "view")), null, default);
            await Assert.ThrowsAsync<StaleEpochException>(() => platform.DrainAsync(default));

            // Another owner has it: this process is there, and tells nothing of the partition any more.
            told.Clear();
            listener.RecordObservableInstruments();
            Assert.Empty(told);
        }
        await using (EmbeddedPlatform again = await EmbeddedPlatform.OpenAsync(options))
        {
            // The next owner tells once it has loaded the rows.
            await again.Ready;
            listener.RecordObservableInstruments();
            Assert.Equal(["foretell.pit.ks 0"], told);
        }
        told.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(told);
    }

    [Fact]
    public async Task Ready_WhenAShardHasStopped_IsZero()
    {
        using var directory = new TemporaryFolder();
        var told = new ConcurrentDictionary<string, double>();
        using MeterListener listener = Gauges(told, "foretell.ready");
        await using (EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(Options(directory)))
        {
            await platform.Ready;
            listener.RecordObservableInstruments();
            Assert.Equal(1, told["foretell.ready"]);
            await using (var other = new SqliteStateStore(directory.Path))
            {
                await other.TakeEpochAsync(0, default);
            }
            await platform.AppendAsync(EventSets.Batch(("a", 1, "view")), null, default);
            await Assert.ThrowsAsync<StaleEpochException>(() => platform.DrainAsync(default));

            listener.RecordObservableInstruments();

            Assert.NotEmpty(platform.Health().Problems);
            Assert.Equal(0, told["foretell.ready"]);
        }
        told.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(told);
    }

    [Fact]
    public async Task Usage_WhenAPlatformRuns_IsOfItsFilesAndTheirDisk()
    {
        using var directory = new TemporaryFolder();
        var told = new ConcurrentDictionary<string, double>();
        using MeterListener listener = Gauges(told, "foretell.storage.size", "foretell.disk.free", "foretell.disk.size");
        await using (EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(Options(directory)))
        {
            await platform.Ready;
            await Until.TrueAsync(() =>
            {
                listener.RecordObservableInstruments();
                return told.Count == 3;
            }, TimeSpan.FromSeconds(30));

            Assert.InRange(told["foretell.storage.size"], 4096, 100_000_000);
            Assert.InRange(told["foretell.disk.free"], 1, told["foretell.disk.size"]);
        }
        told.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(told);
    }

    [Fact]
    public async Task Usage_WhenTheStorageCannotBeAsked_IsNotTold()
    {
        var told = new ConcurrentDictionary<string, double>();
        using MeterListener listener = Gauges(told, "foretell.storage.size");
        var time = new TestTime();
        bool isAway = false;
        int looks = 0;
        await using var watch = new StorageWatch(_ =>
        {
            Interlocked.Increment(ref looks);
            return isAway ? throw new PlatformUnavailableException("The database is away.") : Task.FromResult(new StorageUsage(5));
        }, time);
        await LookAsync(told => told == 5);
        isAway = true;
        await LookAsync(told => told is null);
        isAway = false;
        await LookAsync(told => told == 5);
        Assert.True(looks >= 3);

        Task LookAsync(Func<double?, bool> wanted) => Until.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            told.Clear();
            listener.RecordObservableInstruments();
            return wanted(told.TryGetValue("foretell.storage.size", out double bytes) ? bytes : null);
        }, TimeSpan.FromSeconds(30));
    }

    /// <summary>One partition, which commits when it is told to.</summary>
    private static EmbeddedOptions Options(TemporaryFolder directory) => new()
    {
        OpenStorage = SqliteStorage.In(directory.Path, 1),
        Model = Small.Model,
        Threads = 1,
        CommitInterval = TimeSpan.FromDays(1),
    };

    /// <summary>Takes every observation that has a partition, with its instrument's name.</summary>
    private static MeterListener Partitions(HashSet<string> told)
    {
        var listener = new MeterListener { InstrumentPublished = (instrument, l) =>
        { if (instrument.Meter.Name == Telemetry.Name && instrument.IsObservable) { l.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Take(instrument, tags));
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Take(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Take(instrument, tags));
        listener.Start();
        return listener;

        void Take(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (tag.Key == "foretell.partition")
                {
                    told.Add($"{instrument.Name} {tag.Value}");
                }
            }
        }
    }

    /// <summary>Takes the last value of some gauges without tags.</summary>
    private static MeterListener Gauges(ConcurrentDictionary<string, double> told, params string[] names)
    {
        var listener = new MeterListener { InstrumentPublished = (instrument, l) =>
        { if (names.Contains(instrument.Name)) { l.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => told[instrument.Name] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => told[instrument.Name] = value);
        listener.Start();
        return listener;
    }
}
