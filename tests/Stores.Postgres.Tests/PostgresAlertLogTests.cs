using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Events;
using Foretell.Engine.Log;
using Foretell.Engine.Store;
using Foretell.Support;

namespace Foretell.Stores.Postgres.Tests;

[Collection(PostgresServer.Name)]
public sealed class PostgresAlertLogTests(PostgresServer server) : IAsyncLifetime
{
    private PostgresOptions _options = null!;
    private PostgresAlertLog _log = null!;
    private PostgresStateStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _options = await server.NewSchemaAsync();
        (_log, _store) = (new PostgresAlertLog(_options), new PostgresStateStore(_options));
    }

    [Fact]
    public async Task Append_WhenManyPartitionsRaise_NumbersWithoutGapsAndTellsEachSilenceOnce()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(p => Task.Run(async () =>
        {
            long epoch = await _store.TakeEpochAsync(p, default);
            for (int i = 0; i < 20; i++)
            {
                // Each batch overlaps with the one before, as where a new owner raises again, and has a repetition of its own.
                Alert[] alerts = [.. Enumerable.Range(i * 3, 5).Select(n => Raised($"{p}/\0{n}")), Raised($"{p}/\0{i * 3}")];
                IReadOnlyList<NumberedAlert> appended = await _log.AppendAsync(p, epoch, alerts, default);
                Assert.Equal(i == 0 ? 5 : 3, appended.Count);
            }
        })));

        IReadOnlyList<NumberedAlert> all = await _log.ReadAsync(0, 10_000, default);
        Assert.Equal(8 * (5 + 19 * 3), all.Count);
        Assert.Equal(Enumerable.Range(1, all.Count).Select(n => (long)n), all.Select(a => a.Number));
        Assert.Equal(all.Count, all.DistinctBy(a => a.Alert.Stream).Count());
        Assert.Equal(all.Count, (await _log.EndAsync(default)).Number);
        Assert.Equal(Raised("3/\0" + 7), all.Single(a => a.Alert.Stream == "3/\0" + 7).Alert);
        Assert.Equal(all.Skip(10).Take(5), await _log.ReadAsync(10, 5, default));
    }

    [Fact]
    public async Task Append_WhenAnotherOwnerHasThePartition_AppendsNothing()
    {
        long old = await _store.TakeEpochAsync(0, default);
        await _store.TakeEpochAsync(0, default);

        await Assert.ThrowsAsync<StaleEpochException>(() => _log.AppendAsync(0, old, [Raised("a")], default));

        Assert.Equal(0, (await _log.EndAsync(default)).Number);
        Assert.Empty(await _log.ReadAsync(0, 10, default));
    }

    [Fact]
    public async Task Append_WhenAlertsAreOlderThanAnHour_KeepsTheLatestOnly()
    {
        long epoch = await _store.TakeEpochAsync(0, default);
        await _log.AppendAsync(0, epoch, [.. Enumerable.Range(0, 2000).Select(n => Raised($"{n}"))], default);
        await _log.AppendAsync(0, epoch, [Raised("not yet an hour later")], default);
        Assert.Equal(2001, (await _log.ReadAsync(0, 10_000, default)).Count);
        _options.Execute("UPDATE alert SET raised = raised - interval '61 minutes'");

        await _log.AppendAsync(0, epoch, [.. Enumerable.Range(0, 499).Select(n => Raised($"later {n}"))], default);

        // Twice as many as it added went; the next one takes the rest, but leaves the latest whatever their age.
        Assert.Equal(2001 + 499 - 2 * 499, (await _log.ReadAsync(0, 10_000, default)).Count);
        _options.Execute("UPDATE alert SET raised = raised - interval '61 minutes'");
        await _log.AppendAsync(0, epoch, [.. Enumerable.Range(0, 600).Select(n => Raised($"latest {n}"))], default);
        IReadOnlyList<NumberedAlert> kept = await _log.ReadAsync(0, 10_000, default);
        Assert.Equal((AlertRetention.Latest, 3100L), (kept.Count, kept[^1].Number));
    }

    [Theory]
    [InlineData(2, 1224)]
    [InlineData(7 * 24 + 1, 1024)]
    public async Task Append_WhenASinkHasNotPublishedThem_KeepsAlertsForAWeek(int hours, int kept)
    {
        await using PostgresEventLog log = await PostgresEventLog.OpenAsync(_options, 1, TimeProvider.System);
        var sink = new SourcePartition(AlertRetention.SinkPrefix + "hub", AlertRetention.SinkPartition);
        long taken = (await log.TakeSourceAsync(sink, default)).Epoch;
        await log.AppendSourceAsync(new EventBatch(), new SourceAdvance(sink, taken, null, 800, "feed"), default);
        // A source of the same partition's name, and a sink that never published, hold nothing back.
        await log.TakeSourceAsync(new SourcePartition("other", AlertRetention.SinkPartition), default);
        await log.TakeSourceAsync(new SourcePartition(AlertRetention.SinkPrefix + "new", AlertRetention.SinkPartition), default);
        long epoch = await _store.TakeEpochAsync(0, default);
        await _log.AppendAsync(0, epoch, [.. Enumerable.Range(0, 2023).Select(n => Raised($"{n}"))], default);
        _options.Execute($"UPDATE alert SET raised = raised - interval '{hours} hours'");

        await _log.AppendAsync(0, epoch, [Raised("more"), .. Enumerable.Repeat(Raised("0"), 600)], default);

        IReadOnlyList<NumberedAlert> left = await _log.ReadAsync(0, 10_000, default);
        Assert.Equal((kept, 2024L), (left.Count, left[^1].Number));
    }

    [Fact]
    public async Task Append_WhenTheDatabaseRefuses_SaysSoAndLeavesTheNumbersAlone()
    {
        long epoch = await _store.TakeEpochAsync(0, default);
        _options.Break("alert");
        string message = (await Assert.ThrowsAsync<PlatformUnavailableException>(() => _log.AppendAsync(0, epoch, [Raised("a")], default)))
            .Message;
        Assert.Contains("Alerts cannot be written", message);
        _options.Mend("alert");

        Assert.Equal(1, Assert.Single(await _log.AppendAsync(0, epoch, [Raised("a")], default)).Number);
    }

    public async ValueTask DisposeAsync()
    {
        if (_log is not null)
        {
            await _log.DisposeAsync();
            await _store.DisposeAsync();
        }
    }

    private static Alert Raised(string stream) => new(stream, 17, 1_000, 2_000, double.NegativeInfinity, 0.001);
}
