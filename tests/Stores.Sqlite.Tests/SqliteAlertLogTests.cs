using Foretell.Engine;
using Foretell.Engine.Alerts;
using Foretell.Engine.Log;
using Foretell.Support;

namespace Foretell.Stores.Sqlite.Tests;

public sealed class SqliteAlertLogTests : IAsyncLifetime
{
    private static readonly SourcePartition s_sink = new(AlertRetention.SinkPrefix + "hub", AlertRetention.SinkPartition);

    private readonly TemporaryFolder _folder = new();
    private readonly TestTime _time = new();
    private SqliteEventLog _events = null!;
    private SqliteAlertLog _log = null!;

    public ValueTask InitializeAsync()
    {
        _events = SqliteEventLog.Open(_folder.At("log.db"), 1, _time);
        _log = SqliteAlertLog.Open(_folder.Path, _time);
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        await _events.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Append_WhenASilenceIsToldAgain_NumbersEachOnceWithoutGaps()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async p =>
        {
            for (int i = 0; i < 20; i++)
            {
                Alert[] alerts = [.. Enumerable.Range(i * 3, 5).Select(n => Raised($"{p}/\0{n}")), Raised($"{p}/\0{i * 3}")];
                Assert.Equal(i == 0 ? 5 : 3, (await _log.AppendAsync(p, 1, alerts, default)).Count);
            }
        }));

        IReadOnlyList<NumberedAlert> all = await _log.ReadAsync(0, 10_000, default);
        Assert.Equal(4 * (5 + 19 * 3), all.Count);
        Assert.Equal(Enumerable.Range(1, all.Count).Select(n => (long)n), all.Select(a => a.Number));
        Assert.Equal(all.Count, all.DistinctBy(a => a.Alert.Stream).Count());
        Assert.Equal(Raised("3/\0" + 7), all.Single(a => a.Alert.Stream == "3/\0" + 7).Alert);
        Assert.Equal(all.Skip(10).Take(5), await _log.ReadAsync(10, 5, default));
    }

    [Fact]
    public async Task Open_WhenTheFileIsThere_KeepsNameAndNumbers()
    {
        await _log.AppendAsync(0, 1, [Raised("a"), Raised("b")], default);
        AlertPlace end = await _log.EndAsync(default);
        await _log.DisposeAsync();

        _log = SqliteAlertLog.Open(_folder.Path, _time);

        Assert.Equal(end, await _log.EndAsync(default));
        Assert.Empty(await _log.AppendAsync(0, 2, [Raised("b")], default));
        Assert.Equal(3, Assert.Single(await _log.AppendAsync(0, 2, [Raised("c")], default)).Number);
    }

    [Theory]
    [InlineData(false, 0, 1025)]
    [InlineData(false, 2, 1024)]
    [InlineData(true, 2, 1224)]
    [InlineData(true, 7 * 24 + 1, 1024)]
    public async Task Append_WhenAlertsAreOld_KeepsTheLatestAndWhatASinkHasNotPublished(bool withSink, int hours, int kept)
    {
        if (withSink)
        {
            long epoch = (await _events.TakeSourceAsync(s_sink, default)).Epoch;
            await _events.AppendSourceAsync(new(), new SourceAdvance(s_sink, epoch, null, 800, "feed"), default);
        }
        int alerts = hours == 0 ? 1024 : 2023;
        await _log.AppendAsync(0, 1, [.. Enumerable.Range(0, alerts).Select(n => Raised($"{n}"))], default);
        _time.Advance(TimeSpan.FromHours(hours));

        // Each append clears away twice what it may have added.
        await _log.AppendAsync(0, 1, [Raised("more"), .. Enumerable.Repeat(Raised("0"), 600)], default);

        IReadOnlyList<NumberedAlert> left = await _log.ReadAsync(0, 10_000, default);
        Assert.Equal((kept, alerts + 1), (left.Count, left[^1].Number));
        Assert.Equal(left[^1].Number - kept + 1, left[0].Number);
    }

    [Fact]
    public async Task Append_WhenTheFileRefuses_SaysSoAndLeavesTheNumbersAlone()
    {
        Execute("CREATE TRIGGER broken BEFORE INSERT ON alert BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");
        var e = await Assert.ThrowsAsync<PlatformUnavailableException>(() => _log.AppendAsync(0, 1, [Raised("a")], default));
        Assert.Contains("Alerts cannot be written", e.Message);
        Execute("DROP TRIGGER broken");

        Assert.Equal(1, Assert.Single(await _log.AppendAsync(0, 1, [Raised("a")], default)).Number);
    }

    private void Execute(string sql)
    {
        using SqliteDatabase database = SqliteDatabase.Open(_folder.At("alerts.db"));
        database.Execute(sql);
    }

    private static Alert Raised(string stream) => new(stream, 17, 1_000, 2_000, double.NegativeInfinity, 0.001);
}
