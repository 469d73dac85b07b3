using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Foretell.Engine;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Shards;
using Foretell.Engine.Store;
using Foretell.Models.Stepping;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Hosting.Tests;

/// <remarks>Listeners are the process's: what one allocates for a measurement would count in the tests that count allocations.</remarks>
[Collection(nameof(AloneInTheProcess))]
public class TelemetryTests
{
    [Fact]
    public async Task Trace_WhenAnAppendIsSampled_GoesOnToItsShards()
    {
        using var directory = new TemporaryFolder();
        using var recorder = new TraceRecorder();
        await using EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(
            new EmbeddedOptions { OpenStorage = SqliteStorage.In(directory.Path, 1), Model = Small.Model, Threads = 1 });
        long now = EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow);

        await platform.AppendAsync(EventSets.Batch(("a", now, "view")), null, default);
        using (recorder.Begin(sampled: false))
        {
            await platform.AppendAsync(EventSets.Batch(("a", now, "view")), null, default);
        }
        using (recorder.Begin())
        {
            await platform.AppendAsync(EventSets.Batch(("a", now, "view"), ("b", now, "view")), null, default);
        }
        await platform.DrainAsync(default);

        Activity append = recorder.Span("log append"), apply = recorder.Span("shard apply");
        Assert.Equal(append.SpanId, apply.ParentSpanId);
        Assert.Equal((0, 2L, ActivityStatusCode.Unset),
            (apply.GetTagItem("foretell.partition"), (long)apply.GetTagItem("foretell.events")!, apply.Status));
    }

    [Fact]
    public async Task Instruments_WhenEventsFlow_MeasureAndNeverCarryAStreamKey()
    {
        using var directory = new TemporaryFolder();
        var measured = new ConcurrentDictionary<string, double>();
        var tags = new ConcurrentDictionary<string, bool>();
        using var listener =
            new MeterListener { InstrumentPublished = (instrument, l) =>
            { if (instrument.Meter.Name == Telemetry.Name) { l.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((instrument, value, t, _) => Record(instrument, value, t));
        listener.SetMeasurementEventCallback<int>((instrument, value, t, _) => Record(instrument, value, t));
        listener.SetMeasurementEventCallback<double>((instrument, value, t, _) => Record(instrument, value, t));
        listener.Start();

        await using EmbeddedPlatform platform =
            await EmbeddedPlatform.OpenAsync(
            new EmbeddedOptions { OpenStorage = SqliteStorage.In(directory.Path), Model = Small.Model, Threads = 1 });
        long now = EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow);
        await platform.AppendAsync(EventSets.Batch(("a", now, "view"), ("a", now, "view"), ("a", now - TimeSpan.TicksPerDay, "")), null,
            default);
        await platform.DrainAsync(default);
        listener.RecordObservableInstruments();

        // The instruments are the process's, too: at least this platform's own events are there.
        Assert.True(measured["foretell.events.accepted"] >= 3);
        Assert.True(measured["foretell.events.applied"] >= 2);
        Assert.True(measured["foretell.events.rejected"] >= 1);
        Assert.Superset(
            new HashSet<string> { "foretell.batch.size", "foretell.step.duration", "foretell.commit.duration", "foretell.append.duration",
                "foretell.streams", "foretell.lag.events", "foretell.lag.time", "foretell.nll", "foretell.nll.baseline",
                "foretell.events.surprising", "foretell.drift.alarms", "foretell.pit.ks" },
            measured.Keys.ToHashSet());
        Assert.Subset(new HashSet<string> { "foretell.partition", "foretell.reason", "foretell.device" }, tags.Keys.ToHashSet());

        // No series of devices where there is only the CPU.
        Assert.DoesNotContain(measured.Keys, name => name.StartsWith("foretell.device", StringComparison.Ordinal));

        void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> measurementTags)
        {
            measured.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
            foreach (KeyValuePair<string, object?> tag in measurementTags)
            {
                tags.TryAdd(tag.Key, true);
            }
        }
    }

    [Fact]
    public async Task Instruments_WhenEventsHaveValuesAndLabelsCome_CountLabelsAndHaveValuesInTheNll()
    {
        using var directory = new TemporaryFolder();
        var measured = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) =>
        { if (instrument.Name is "foretell.labels.scored" or "foretell.nll" or "foretell.nll.baseline") { l.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => measured.AddOrUpdate(
            string.Join(' ', [instrument.Name, .. tags.ToArray().Select(t => t.Value)]), value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => measured[instrument.Name] = value);
        listener.Start();
        await using EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(
            new EmbeddedOptions { OpenStorage = SqliteStorage.In(directory.Path, 1), Model = Small.Valued, Threads = 1 });
        long now = EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow);
        var batch = new EventBatch();
        EventSets.AddLabel(batch, "a", now, "bot");
        EventSets.Add(batch, "a", now, "view", values: ("amount", 12));
        EventSets.AddLabel(batch, "a", now, "bot");
        EventSets.Add(batch, "a", now + 1, "buy", values: ("amount", 90));
        EventSets.AddLabel(batch, "a", now, "human");
        EventSets.AddLabel(batch, "a", now, "alien");
        await platform.AppendAsync(batch, null, default);
        await platform.DrainAsync(default);
        listener.RecordObservableInstruments();

        // The first came before any event, and the last is of a kind that the model does not tell.
        Assert.Equal(2, measured["foretell.labels.scored 0"]);
        ScoreTotals scores = platform.Status().Scores;
        Assert.Equal((1, 2), (scores.Events, scores.Labels.Count));
        Assert.True(scores.Value != 0 && scores.BaselineValue != 0);
        Assert.Equal(-(scores.Time + scores.Mark + scores.Value), measured["foretell.nll"], 1e-9);
        Assert.Equal(-(scores.BaselineTime + scores.BaselineMark + scores.BaselineValue), measured["foretell.nll.baseline"], 1e-9);
    }

    [Fact]
    public async Task Failures_WhenAppendsAndCommitsFail_AreCountedByWhatHappens()
    {
        using var directory = new TemporaryFolder();
        var measured = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) =>
        { if (instrument.Name.EndsWith(".failures", StringComparison.Ordinal)) { l.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => measured.AddOrUpdate(
            string.Join(' ', [instrument.Name, .. tags.ToArray().Select(t => t.Value)]), value, (_, sum) => sum + value));
        listener.Start();
        await using EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(new EmbeddedOptions
        {
            OpenStorage = SqliteStorage.In(directory.Path, 1),
            Model = Small.Model,
            Threads = 1,
            CommitInterval = TimeSpan.FromDays(1),
        });
        await platform.Ready;
        // There from the start, so that the first failure is an increase.
        Assert.Equal(new Dictionary<string, double> { ["foretell.append.failures"] = 0, ["foretell.commit.failures 0 unavailable"] = 0 },
            measured.ToDictionary());

        long now = EventTime.FromDateTimeOffset(DateTimeOffset.UtcNow);
        AppendReceipt receipt = await platform.AppendAsync(EventSets.Batch(("a", now, "view")), null, default);
        await platform.WaitAppliedAsync(receipt.Position, default);
        using (SqliteDatabase log = SqliteDatabase.Open(directory.At("log.db")), shard = SqliteDatabase.Open(directory.At("shard-0000.db")))
        {
            log.Execute("CREATE TRIGGER broken BEFORE INSERT ON segment BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");
            shard.Execute("CREATE TRIGGER broken BEFORE INSERT ON shard BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");
            await Assert.ThrowsAsync<PlatformUnavailableException>(
                () => platform.AppendAsync(EventSets.Batch(("a", now, "view")), null, default));
            await Assert.ThrowsAsync<PlatformUnavailableException>(platform.CommitAsync);
            log.Execute("DROP TRIGGER broken");
            shard.Execute("DROP TRIGGER broken");
        }
        Assert.Equal(0, platform.Status().UnservedPartitions);
        await using (var other = new SqliteStateStore(directory.Path))
        {
            await other.TakeEpochAsync(0, default);
        }
        await Assert.ThrowsAsync<StaleEpochException>(platform.CommitAsync);

        Assert.Equal(1, platform.Status().UnservedPartitions);
        Assert.Equal(new Dictionary<string, double>
        {
            ["foretell.append.failures"] = 1,
            ["foretell.commit.failures 0 unavailable"] = 1,
            ["foretell.commit.failures 0 stopped"] = 1,
        }, measured.ToDictionary());
    }

    [Fact]
    public async Task Devices_WhenThereIsAnAccelerator_AreMeasuredAndInTheStatus()
    {
        using var directory = new TemporaryFolder();
        using var device = new PlainDevice(Small.Model)
        {
            Now = new DeviceReport("cuda:0 Test")
            {
                LeastWave = 2,
                Batches = 3,
                DeviceEvents = 700,
                CpuEvents = 40,
                Busy = TimeSpan.FromSeconds(1.5),
                CopiedBytes = 5000,
                MemoryBytes = 64,
            },
        };
        var measured = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) =>
        { if (instrument.Name.StartsWith("foretell.device", StringComparison.Ordinal)) { l.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            measured[string.Join(' ', [instrument.Name, .. tags.ToArray().Select(t => t.Value)])] = value);
        listener.Start();
        await using (EmbeddedPlatform platform = await EmbeddedPlatform.OpenAsync(
            new EmbeddedOptions { OpenStorage = SqliteStorage.In(directory.Path, 3), Model = Small.Model, Threads = 1, Device = device }))
        {
            Assert.Equal([new DeviceStatus("cuda:0 Test", null, 3, null)], platform.Status().Devices);
            listener.RecordObservableInstruments();
            Assert.Equal(new Dictionary<string, double>
            {
                ["foretell.device.batches cuda:0 Test"] = 3,
                ["foretell.device.events cuda:0 Test device"] = 700,
                ["foretell.device.events cuda:0 Test cpu"] = 40,
                ["foretell.device.busy cuda:0 Test"] = 1.5,
                ["foretell.device.copied cuda:0 Test"] = 5000,
                ["foretell.device.memory cuda:0 Test"] = 64,
                ["foretell.device.retired cuda:0 Test"] = 0,
            }, measured.ToDictionary());

            device.Now = device.Now with { Problem = "It failed." };
            listener.RecordObservableInstruments();
            Assert.Equal(1, measured["foretell.device.retired cuda:0 Test"]);
            Assert.Equal("It failed.", Assert.Single(platform.Status().Devices).Problem);
            Assert.Empty(platform.Status().Problems);
        }
        measured.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(measured);
    }
}

/// <summary>Tests that no other test may run beside.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;
