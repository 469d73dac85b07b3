using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Foretell.Engine;
using Foretell.Engine.Log;
using Foretell.Ingest.Sinks;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Ingest.Tests.Sinks;

public sealed class SinkPumpTests : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private static int s_sinks;

    private readonly TemporaryFolder _folder = new();
    private readonly TestFeed _feed = new();
    private readonly TestTime _time = new();
    private readonly LogCollector _lines = new();
    private readonly SqliteEventLog _log;
    private readonly TestSink _sink;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _counts = new();

    public SinkPumpTests()
    {
        _log = SqliteEventLog.Open(_folder.At("log.db"), 1, _time);
        // Instruments are the process's: a name of its own keeps this test's counts apart.
        string name = $"sink-{Interlocked.Increment(ref s_sinks)}";
        _sink = new TestSink(name);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name.StartsWith("foretell.sink.", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var all = tags.ToArray().ToDictionary(t => t.Key, t => t.Value);
            if (Equals(all["foretell.sink"], name))
            {
                string key = instrument.Name["foretell.sink.".Length..] + (all.TryGetValue("foretell.reason", out object? r) ? $" {r}" : "");
                _counts.AddOrUpdate(key, value, (_, sum) => sum + value);
            }
        });
        _listener.Start();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Run_WhenItIsEndedAndBegunAgain_GoesOnBehindWhatWasAcknowledged()
    {
        await using (Running first = Run())
        {
            await PlaceAsync(0);
            _feed.Reach(600);
            await PlaceAsync(600);
            // The log knows before the pump says so.
            await Until.TrueAsync(() => first.Pump.Progress.Number == 600, s_limit);
            Assert.Equal((600L, 600L, 0L), (first.Pump.Progress.Number, first.Pump.Progress.Published, first.Pump.Progress.Missed));
        }
        _feed.Reach(700);
        await using Running second = Run();
        await PlaceAsync(700);

        Assert.Equal(Enumerable.Range(1, 700).Select(n => $"n/{n}"), _sink.Ids);
        Assert.Equal(700, _counts["published"]);
        Assert.Equal(["published"], _counts.Where(count => count.Value != 0).Select(count => count.Key));
        // There from the start, so that the first failure is an increase.
        Assert.Superset(
            new HashSet<string> { "retries unavailable", "retries refused", "retries notfound", "retries platform", "retries unexpected", "missed gone",
                "missed refused" }, _counts.Keys.ToHashSet());
    }

    [Fact]
    public async Task Run_WhenItBeginsForTheFirstTime_KeepsWhereBeforeAnythingComes()
    {
        _feed.Reach(5);
        await using (Run())
        {
            await PlaceAsync(5);
        }
        // What came while nobody published is published.
        _feed.Reach(7);
        await using Running second = Run();
        await PlaceAsync(7);

        Assert.Equal(["n/6", "n/7"], _sink.Ids);
    }

    [Fact]
    public async Task Run_WhenItDiesBeforeTheAcknowledgement_PublishesTheSameIdsAgain()
    {
        var stored = new TaskCompletionSource();
        _sink.OnPublish = async (batch, stop) =>
        {
            // Stored, and this process never hears of it.
            _sink.Store(batch);
            stored.TrySetResult();
            await Task.Delay(Timeout.Infinite, stop);
            return [];
        };
        await using (Run())
        {
            await PlaceAsync(0);
            _feed.Reach(3);
            await stored.Task.WaitAsync(s_limit);
        }
        Assert.Equal(0, (await HeldAsync())!.Number);
        int before = _sink.Ids.Count;

        _sink.OnPublish = (_, _) => Task.FromResult<IReadOnlyList<RefusedMessage>>([]);
        await using Running second = Run();
        await PlaceAsync(3);

        Assert.Equal(["n/1", "n/2", "n/3"], _sink.Ids.Skip(before));
        Assert.Equal(["n/1", "n/2", "n/3"], _sink.Ids.Distinct());
    }

    [Fact]
    public async Task Run_WhenTheBrokerFails_WaitsLongerEachTimeAndTellsItOnce()
    {
        int failures = 3;
        _sink.OnPublish = (_, _) => failures-- > 0
            ? throw new SinkException(SinkFault.Refused, "no such right.") : Task.FromResult<IReadOnlyList<RefusedMessage>>([]);
        await using Running running =
            Run(new SinkOptions { RetryDelay = TimeSpan.FromSeconds(1), MaxRetryDelay = TimeSpan.FromSeconds(3) });
        await PlaceAsync(0);
        _feed.Reach(1);

        long timers = 0;
        foreach (double seconds in (double[])[1, 2, 3])
        {
            await _time.TimersSet.WaitAsync(++timers, default).WaitAsync(s_limit);
            Assert.Equal(timers, _sink.Calls.Value);
            Assert.Contains("no such right.", running.Pump.Progress.Problem);
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(timers, _sink.Calls.Value);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await _sink.Calls.WaitAsync(timers + 1, default).WaitAsync(s_limit);
        }
        await PlaceAsync(1);

        Assert.Null(running.Pump.Progress.Problem);
        Assert.Equal((1L, 3L), (_counts["published"], _counts["retries refused"]));
        Assert.Single(_lines.Lines, l => l.Text.Contains("numbers cannot be published to broker", StringComparison.Ordinal));
        Assert.Single(_lines.Lines, l => l.Text.Contains("published to broker", StringComparison.Ordinal)
            && l.Text.Contains("again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_WhenAnotherPublisherTookOver_MovesThePlaceNoMore()
    {
        var released = new TaskCompletionSource();
        _sink.OnPublish = async (_, _) =>
        {
            await released.Task;
            return [];
        };
        await using Running stale = Run();
        await PlaceAsync(0);
        _feed.Reach(2);
        await _sink.Calls.WaitAsync(1, default).WaitAsync(s_limit);

        // The later one wins, and goes on alone: the stale one publishes what it has, and is refused where it would note it.
        var owner = new TestSink(_sink.Name);
        await using (Run(sink: owner))
        {
            _feed.Reach(4);
            await PlaceAsync(4);
            long epoch = (await HeldAsync())!.Epoch;
            released.SetResult();
            await Until.TrueAsync(() => stale.Pump.Progress.Problem is not null, s_limit);

            Assert.Equal((4L, epoch), ((await HeldAsync())!.Number, (await HeldAsync())!.Epoch));
            Assert.Contains("Another publisher has taken over", stale.Pump.Progress.Problem);
            Assert.Equal(1, _counts["retries taken"]);
            Assert.Equal(["n/1", "n/2", "n/3", "n/4"], owner.Ids.Concat(_sink.Ids).Distinct());
        }
    }

    [Fact]
    public async Task Run_WhenItemsAreGoneFromTheFeed_CountsThemAndSaysSo()
    {
        await using (Run())
        {
            await PlaceAsync(0);
        }
        _feed.First = 5;
        _feed.Reach(6);
        await using Running running = Run();
        await PlaceAsync(6);

        Assert.Equal(["n/5", "n/6"], _sink.Ids);
        Assert.Equal((4L, 4L), (_counts["missed gone"], running.Pump.Progress.Missed));
        Assert.Contains(_lines.Lines, l => l.Text.Contains("4 items were gone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_WhenTheFeedDoesNotKnowThePlace_PublishesAllThatItHolds()
    {
        var partition = new SourcePartition($"sink:{_sink.Name}", "numbers");
        SourceState taken = await _log.TakeSourceAsync(partition, default);
        await _log.AppendSourceAsync(new(), new SourceAdvance(partition, taken.Epoch, null, 99, "another feed"), default);
        _feed.First = 3;
        _feed.Reach(5);
        await using Running running = Run();
        await PlaceAsync(5);

        Assert.Equal(["n/3", "n/4", "n/5"], _sink.Ids);
        Assert.Equal(1, _counts["missed gone"]);
        Assert.Contains(_lines.Lines, l => l.Text.Contains("nobody knows how many are missing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_WhenTheBrokerWillNeverTakeAMessage_LeavesItOut()
    {
        _sink.OnPublish = (batch, _) => Task.FromResult<IReadOnlyList<RefusedMessage>>(
            [.. batch.Where(m => m.Id == "n/2").Select(m => new RefusedMessage(m, "it is too large."))]);
        await using Running running = Run();
        await PlaceAsync(0);
        _feed.Reach(3);
        await PlaceAsync(3);

        Assert.Equal(["n/1", "n/3"], _sink.Ids);
        Assert.Equal((2L, 1L), (_counts["published"], _counts["missed refused"]));
        Assert.Contains(_lines.Lines, l => l.Text.Contains("n/2 is left out: it is too large.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_WhenTheFeedCannotBeServed_TriesAgain()
    {
        int failures = 1;
        _feed.OnRead = () =>
        {
            if (failures-- > 0)
            {
                throw new PlatformUnavailableException("not yet.");
            }
        };
        await using Running running = Run();
        await _time.TimersSet.WaitAsync(1, default).WaitAsync(s_limit);
        Assert.Contains("not yet.", running.Pump.Progress.Problem);
        _time.Advance(TimeSpan.FromSeconds(1));
        await PlaceAsync(0);

        await Until.TrueAsync(() => running.Pump.Progress.Problem is null, s_limit);
        Assert.Equal(1, _counts["retries platform"]);
    }

    private Running Run(SinkOptions? options = null, TestSink? sink = null)
    {
        var pump = new SinkPump(sink ?? _sink, _feed, _log, options ?? new SinkOptions(), _time, _lines);
        var stop = new CancellationTokenSource();
        return new Running(pump, stop, Background.Run(() => pump.RunAsync(stop.Token)));
    }

    private async Task<SourceState?> HeldAsync() =>
        (await _log.ReadSourceAsync($"sink:{_sink.Name}", default)).GetValueOrDefault("numbers");

    /// <summary>Waits until the log holds a place.</summary>
    private async Task PlaceAsync(long number)
    {
        using var limit = new CancellationTokenSource(s_limit);
        while ((await HeldAsync())?.Number != number)
        {
            await Task.Delay(10, limit.Token);
        }
    }

    private sealed record Running(SinkPump Pump, CancellationTokenSource Stop, Task Run) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Stop.CancelAsync();
            await Run;
            Stop.Dispose();
        }
    }
}
