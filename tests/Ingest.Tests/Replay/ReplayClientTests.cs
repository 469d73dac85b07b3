using System.Net;
using System.Net.Sockets;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Ingest.Replay;
using Foretell.Stores.Sqlite;
using Foretell.Support;

namespace Foretell.Ingest.Tests.Replay;

public sealed class ReplayClientTests : IDisposable
{
    private static readonly Uri s_nowhere = new("http://127.0.0.1:9/base/");

    private readonly TemporaryFolder _folder = new();
    private readonly SkippingClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_WhenRepeated_AppendsEveryEventOnce()
    {
        await using ReplayHost host = await ReplayHost.StartAsync(Path.Combine(_folder.Path, "data"));
        string path = EventsCsv(2500, streams: 7);

        ReplaySummary first = await RunAsync(new Wire(), path, host.Address);
        ReplaySummary second = await RunAsync(new Wire(), path, host.Address);

        Assert.Equal((2500, 2500, 0, 3, 0), (first.Sent, first.Accepted, first.Rejected, first.Batches, first.ReplayedBatches));
        Assert.Equal((2500, 2500, 0, 3, 3), (second.Sent, second.Accepted, second.Rejected, second.Batches, second.ReplayedBatches));
        Assert.Equal(first.Position, second.Position);
        string[] streams = [.. Enumerable.Range(0, 7).Select(s => $"s{s}")];
        Dictionary<string, long> counts = await host.CountsAsync(second.Position, streams);
        Assert.All(streams, s => Assert.Equal(Enumerable.Range(0, 2500).Count(i => $"s{i % 7}" == s), counts[s]));
        Assert.Equal(2500, host.Platform.Status().EventsAccepted);
    }

    [Fact]
    public async Task Run_WhenAFileHasValues_SendsThemToTheLog()
    {
        string data = Path.Combine(_folder.Path, "data");
        string path = _folder.Write("v.csv", "stream,time,mark,amount,temp\na,1,buy,12.25,\na,2,buy,,-7e1\na,3,visit,,\n");
        await using (ReplayHost host = await ReplayHost.StartAsync(data))
        {
            ReplaySummary summary = await RunAsync(new Wire(), path, host.Address, new() { Columns = EventColumns.Parse("values=amount,temp") });
            Assert.Equal((3, 3, 0), (summary.Sent, summary.Accepted, summary.Rejected));
        }

        await using SqliteEventLog log = SqliteEventLog.Open(Path.Combine(data, "log.db"), 4, TimeProvider.System);
        Assert.Equal(["amount=12.25", "temp=-70", ""], (await log.ReadAllAsync(EventSets.PartitionOf("a", 4)))
            .Where(r => r.Kind == LogRecordKind.Event).Select(r => r.Values));
    }

    [Fact]
    public async Task Run_WhenTheWireFails_TriesAgainAndAppendsOnce()
    {
        await using ReplayHost host = await ReplayHost.StartAsync(Path.Combine(_folder.Path, "data"));
        var wire = new Wire().Then(
            Wire.Answer(HttpStatusCode.ServiceUnavailable, retryAfter: TimeSpan.FromSeconds(7)), Wire.Refuse, null,
            Wire.LoseAnswer, Wire.TimeOut, Wire.Answer(HttpStatusCode.TooManyRequests), null, Wire.Answer(HttpStatusCode.BadGateway));
        var progress = new List<ReplayProgress>();

        ReplaySummary summary = await RunAsync(wire, EventsCsv(2500, streams: 7), host.Address, progress: progress);

        Assert.Equal((2500, 2500, 3, 1, 6), (summary.Sent, summary.Accepted, summary.Batches, summary.ReplayedBatches, summary.Retries));
        Assert.Equal(2500, (await host.CountsAsync(summary.Position, Enumerable.Range(0, 7).Select(s => $"s{s}"))).Values.Sum());
        Assert.Equal(9, wire.Keys.Count);
        Assert.Equal(3, wire.Keys.Distinct().Count());
        Assert.InRange(_clock.Waits[0].TotalSeconds, 7, 7.2);
        Assert.Equal(6, progress.Count(p => p.Trouble is not null));
        Assert.Contains("503", progress[0].Trouble);
        Assert.Equal((2500, 2499 * EventTime.PerSecond), (progress[^1].Sent, progress[^1].EventTicks));
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, "", "Is this the address of a Foretell host?")]
    [InlineData(HttpStatusCode.Conflict, "{\"title\":\"Conflict\",\"detail\":\"The key was used before.\"}",
        "409 (The key was used before.)")]
    [InlineData(HttpStatusCode.RequestEntityTooLarge, "{\"title\":\"Too large\"}",
        "413 (Too large) to request 1, events 1000 to 1999 of the file. Send smaller batches.")]
    [InlineData(HttpStatusCode.InternalServerError, "oops", "500 (\"oops\")")]
    public async Task Run_WhenHostRefuses_StopsAtOnceAndSaysWhy(HttpStatusCode status, string body, string expected)
    {
        var wire = new Wire().Then(Accept(1000), Wire.Answer(status, body));

        var error = await Assert.ThrowsAsync<ReplayException>(() => RunAsync(wire, EventsCsv(2500), s_nowhere));

        Assert.Contains(expected, error.Message);
        Assert.Equal(2, wire.Keys.Count);
    }

    [Fact]
    public async Task Run_WhenAnswerIsNotForetells_SaysSo()
    {
        var error = await Assert.ThrowsAsync<ReplayException>(() =>
            RunAsync(new Wire().Then(Wire.Answer(HttpStatusCode.OK, "<html>")), EventsCsv(5), s_nowhere));

        Assert.Contains("is it a Foretell host?", error.Message);
    }

    [Fact]
    public async Task Run_WhenNobodyListens_GivesUpAfterItsTime()
    {
        // A port that was free a moment ago: the refusal is the system's own.
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var error = await Assert.ThrowsAsync<ReplayException>(() =>
            RunAsync(new Wire(), EventsCsv(5), new Uri($"http://127.0.0.1:{port}")));

        Assert.Contains("within 60 s did not help", error.Message);
        Assert.Contains("not appended twice", error.Message);
        Assert.InRange(_clock.Passed.TotalSeconds, 45, 60);
        Assert.InRange(_clock.Waits.Count, 8, 60);
    }

    [Fact]
    public async Task Run_WhenEventsAreRejected_CountsThemByTheirPlaceInTheFile()
    {
        const string answer = """{"accepted":999,"rejected":[{"index":3,"reason":"why"}],"position":"0-5"}""";
        var wire = new Wire().Then(Wire.Answer(HttpStatusCode.Accepted, answer),
            Wire.Answer(HttpStatusCode.Accepted, answer.Replace("0-5", "1-2")), Accept(500, "0-9"));

        ReplaySummary summary = await RunAsync(wire, EventsCsv(2500), s_nowhere);

        Assert.Equal((2500, 2498, 2), (summary.Sent, summary.Accepted, summary.Rejected));
        Assert.Equal([new Rejection(3, "why"), new Rejection(1003, "why")], summary.FirstRejections);
        Assert.Equal("0-9_1-2", summary.Position);
    }

    [Fact]
    public async Task Run_WhenAnAnswerListsTheFirstRejectionsOnly_CountsAll()
    {
        var wire = new Wire().Then(Wire.Answer(HttpStatusCode.Accepted,
            """{"accepted":800,"rejected":[{"index":3,"reason":"why"}],"rejectedTotal":200,"position":"0-5"}"""));

        ReplaySummary summary = await RunAsync(wire, EventsCsv(1000), s_nowhere);

        Assert.Equal((1000, 800, 200), (summary.Sent, summary.Accepted, summary.Rejected));
        Assert.Single(summary.FirstRejections);
    }

    [Fact]
    public async Task Run_WhenEveryEventOfARequestIsRejected_CountsThemAndGoesOn()
    {
        var wire = new Wire().Then(
            Wire.Answer(HttpStatusCode.UnprocessableEntity, """{"accepted":0,"rejected":[{"index":0,"reason":"why"}],"position":""}"""),
            Accept(1, "0-9"));

        ReplaySummary summary = await RunAsync(wire, EventsCsv(1001), s_nowhere);

        Assert.Equal((1001, 1, 1), (summary.Sent, summary.Accepted, summary.Rejected));
        Assert.Equal("0-9", summary.Position);
    }

    [Fact]
    public async Task Run_WhenFileBreaksInItsMiddle_SendsWhatCameBeforeAndSaysWhere()
    {
        string path = _folder.Write("e.csv", "stream,time\n" + string.Concat(Enumerable.Repeat("a,1\n", 5000)) + "a,\n");
        var wire = new Wire().Then([.. Enumerable.Repeat(Accept(1000), 4)]);

        var error = await Assert.ThrowsAsync<EventFileException>(() => RunAsync(wire, path, s_nowhere));

        Assert.Equal(5002, error.Line);
        Assert.Equal(4, wire.Keys.Count);
    }

    [Fact]
    public async Task Run_WhenEventsOrCutDiffer_KeysDifferFromThereOn()
    {
        async Task<IReadOnlyList<string>> KeysAsync(string path, ReplayOptions options)
        {
            var wire = new Wire().Then([.. Enumerable.Repeat(Accept(1), 4)]);
            await RunAsync(wire, path, s_nowhere, options with { BatchSize = options.BatchSize == 1000 ? 1 : options.BatchSize });
            return wire.Keys;
        }
        string one = _folder.Write("one.csv", "stream,time,b\na,1,x\na,2,x\na,3,x\n");
        string same = _folder.Write("same.ndjson", string.Concat(Enumerable.Range(1, 3).Select(i => $$"""{"stream":"a","time":{{i}}}""" + "\n")));
        string other = _folder.Write("other.csv", "stream,time,b\na,1,x\na,2.5,x\na,3,x\n");

        IReadOnlyList<string> keys = await KeysAsync(one, new());
        Assert.Equal(keys, await KeysAsync(same, new()));
        Assert.Equal(keys.Take(1), keys.Intersect(await KeysAsync(other, new())));
        Assert.Empty(keys.Intersect(await KeysAsync(one, new() { BatchSize = 2 })));
        Assert.Empty(keys.Intersect(await KeysAsync(one, new() { Columns = EventColumns.Parse("stream=b") })));
        Assert.Equal(3, keys.Distinct().Count());
        Assert.All(keys, key => Assert.InRange(key.Length, 1, 256));
    }

    [Fact]
    public async Task Run_WhenSpeedIsTwo_SendsEachSecondsEventsWhenTheyAreDue()
    {
        string path = _folder.Write("e.csv", "stream,time\na,100\nb,101.5\na,109\na,110\na,110.5\nb,90\na,130\n");
        var wire = new Wire().Then([.. Enumerable.Repeat(Accept(1), 4)]);

        ReplaySummary summary = await RunAsync(wire, path, s_nowhere, new() { Speed = 2 });

        // Windows of 2 s of event time from the first event on; a late event goes with those around it.
        Assert.Equal([2, 1, 3, 1], wire.Bodies.Select(b => b.Count(c => c == '\n')));
        Assert.Equal([3.75, 0.75, 9.75], _clock.Waits.Select(w => w.TotalSeconds));
        Assert.Equal(7, summary.Sent);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public Task Run_WhenSpeedIsNone_Refuses(double speed) => Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
        RunAsync(new Wire(), EventsCsv(1), s_nowhere, new() { Speed = speed }));

    [Fact]
    public async Task Run_WhenCancelled_Stops()
    {
        using var cancellation = new CancellationTokenSource();
        var wire = new Wire().Then(Accept(1000), async pass =>
        {
            await cancellation.CancelAsync();
            throw new TaskCanceledException();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            RunAsync(wire, EventsCsv(2500), s_nowhere, cancellationToken: cancellation.Token));
        Assert.Equal(2, wire.Keys.Count);
    }

    private static Wire.Fault Accept(int events, string position = "") =>
        Wire.Answer(HttpStatusCode.Accepted, $$"""{"accepted":{{events}},"rejected":[],"position":"{{position}}"}""");

    private async Task<ReplaySummary> RunAsync(Wire wire, string path, Uri host, ReplayOptions? options = null,
        List<ReplayProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using var http = new HttpClient(wire);
        var client = new ReplayClient(http, host, _clock, new Random(20260201));
        return await client.RunAsync(path, options ?? new(), progress is null ? null : new Collected(progress), cancellationToken);
    }

    private string EventsCsv(int events, int streams = 3)
    {
        var text = new StringBuilder("stream,time\n");
        for (int i = 0; i < events; i++)
        {
            text.Append($"s{i % streams},{i}\n");
        }
        return _folder.Write("events.csv", text.ToString());
    }

    private sealed class Collected(List<ReplayProgress> into) : IProgress<ReplayProgress>
    {
        public void Report(ReplayProgress value) => into.Add(value);
    }
}
