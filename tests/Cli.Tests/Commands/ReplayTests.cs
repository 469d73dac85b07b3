using System.Buffers;
using System.Net;
using System.Text.Json;
using Foretell.Cli.Shell;
using Foretell.Cli.Tests.Support;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Ingest.Replay;
using Foretell.Support;

namespace Foretell.Cli.Tests.Commands;

/// <summary>foretell replay against a running host, also one that is killed in the middle.</summary>
public sealed class ReplayTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public ReplayTests() => _model = Workload.Model(_folder);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Replay_WhenTheHostIsKilledInTheMiddle_EndsAsIfUndisturbed()
    {
        string file = Workload.Events(_folder, streams: 200, events: 30_000);
        await AssertKillLeavesNoTraceAsync(file, null, RunFileTests.Counts(file));
    }

    [Fact]
    public async Task Replay_WhenTheHostIsKilledInTheMiddleOfRealMessages_EndsAsIfUndisturbed()
    {
        string file = SharedData.PathOf("collegemsg/replay.csv");
        // The file's own text says what must be there: the sender is the second column.
        Dictionary<string, long> counts = File.ReadLines(file).Skip(1).GroupBy(l => l.Split(',')[1])
            .ToDictionary(g => g.Key, g => (long)g.Count());
        Assert.Equal(59_835, counts.Values.Sum());
        await AssertKillLeavesNoTraceAsync(file, "stream=src,time=unix_time", counts);
    }

    [Fact]
    public async Task Replay_WhenRepeated_ChangesNothing()
    {
        string file = Workload.Events(_folder, streams: 20, events: 3000);
        (ForetellProcess host, Uri url) = await HostAsync();
        await using ForetellProcess running = host;
        using var client = new HostClient(url);

        ProcessResult first = await ReplayAsync(file, url);
        var before = await client.StreamsAsync(RunFileTests.Counts(file).Keys);
        ProcessResult again = await ReplayAsync(file, url);

        Assert.Equal((0, 0), (first.ExitCode, again.ExitCode));
        Assert.Contains("3,000 events applied in 20 streams, 0 dead letters", first.Output);
        Assert.Contains("3 requests of an earlier run", again.Output);
        Assert.Equal(before, await client.StreamsAsync(before.Keys));
    }

    [Fact]
    public async Task Replay_WhenTheFileIsNewestFirst_SaysHowManyAreLostAndWhatToDo()
    {
        string file = Workload.Events(_folder, streams: 20, events: 3000), backwards = _folder.At("backwards.ndjson");
        await File.WriteAllLinesAsync(backwards, (await File.ReadAllLinesAsync(file)).Reverse());
        (ForetellProcess host, Uri url) = await HostAsync();
        await using ForetellProcess running = host;

        ProcessResult result = await ReplayAsync(backwards, url);

        Assert.Equal(ExitCode.DeadLetters, result.ExitCode);
        Assert.Contains("of 3,000 events became dead letters. The newest: ", result.Sentence);
        Assert.Contains("feed the file with --sort", result.Sentence);
    }

    [Fact]
    public async Task Replay_WhenAFileGoesWrongEarly_WarnsWhileItIsSent()
    {
        string file = Workload.Events(_folder, streams: 20, events: 3000), backwards = _folder.At("backwards.ndjson");
        await File.WriteAllLinesAsync(backwards, (await File.ReadAllLinesAsync(file)).Reverse());
        (ForetellProcess host, Uri url) = await HostAsync();
        await using ForetellProcess running = host;

        ProcessResult result = await ReplayAsync(backwards, url);

        // The first request has 1,000 events: it is looked at before the second goes out.
        string[] lines = result.Error.Split('\n');
        Assert.Matches("^warning: .* of 1,000 events became dead letters", lines[0]);
        Assert.Contains("feed the file with --sort", lines[0]);
        Assert.Matches("of 3,000 events became dead letters", result.Sentence);
    }

    [Fact]
    public async Task Replay_WhenItKeepsTheEventsPace_SaysHowLongThatTakesBeforeItBegins()
    {
        string file = _folder.At("month.ndjson");
        await File.WriteAllLinesAsync(file, ["""{"stream":"a","time":"2025-01-01T00:00:00Z"}""", """{"stream":"a","time":"2025-01-31T00:00:00Z"}"""]);
        (ForetellProcess host, Uri url) = await HostAsync();
        await using ForetellProcess running = host;

        await using ForetellProcess replay = ForetellProcess.Start(_folder.Path, "replay", "--file", file, "--url", url.ToString());
        using var client = new HostClient(url);
        await client.StatusAsync(s => s.GetProperty("eventsApplied").GetInt64() == 1);
        ProcessResult paced = await replay.InterruptAsync();
        ProcessResult fast = await ForetellProcess.RunAsync(_folder.Path, "replay", "--file", file, "--url", url.ToString(), "--speed", "2592000");

        Assert.StartsWith("Sending the events of 30 d (from 2025-01-01 00:00:00.000Z on) at the pace at which they happened: that takes 30 d, until ", paced.Error);
        Assert.Contains("--speed max as fast as the host takes them", paced.Error);
        Assert.Contains("2592000 times as fast as they happened: that takes 1 s", fast.Error);
    }

    [Fact]
    public async Task Replay_WhenNoHostListens_SaysSoAndFails()
    {
        string file = Workload.Events(_folder, streams: 2, events: 10);
        // A port that was free a moment ago and belongs to nobody now.
        (ForetellProcess host, Uri url) = await HostAsync();
        await host.InterruptAsync();

        await using ForetellProcess replay =
            ForetellProcess.Start(_folder.Path, "replay", "--file", file, "--url", url.ToString(), "--speed", "max");
        await replay.LineAsync(l => l.Contains("trying again", StringComparison.Ordinal));
        ProcessResult result = await replay.InterruptAsync();

        Assert.Equal(130, result.ExitCode);
        Assert.Contains("stopped by a signal", result.Sentence);
    }

    private async Task AssertKillLeavesNoTraceAsync(string file, string? named, Dictionary<string, long> counts)
    {
        string[] columns = named is null ? [] : ["--columns", named];
        ProcessResult undisturbed = await ForetellProcess.RunAsync(_folder.Path,
            ["run", "--data-dir", "undisturbed", "--model", _model, "--partitions", "3", "--file", file, "--exit", "--json", .. columns]);
        Assert.True(undisturbed.ExitCode == 0, undisturbed.Error);

        (ForetellProcess host, Uri url) = await HostAsync();
        await using (host)
        {
            // Half of the file comes through, and no more: however late the kill comes, it comes in the middle.
            await using var relay = new TcpRelay(IPAddress.Loopback, url.Port, most: RequestBytes(file, named) / 2);
            await using ForetellProcess replay = ForetellProcess.Start(_folder.Path,
                ["replay", "--file", file, "--url", $"http://127.0.0.1:{relay.Port}", "--speed", "max", .. columns]);
            using var doomed = new HostClient(url);
            await doomed.StatusAsync(s => s.GetProperty("eventsApplied").GetInt64() > counts.Values.Sum() / 5);
            await host.KillAsync();
        }

        (ForetellProcess second, url) = await HostAsync();
        await using ForetellProcess running = second;
        using var client = new HostClient(url);
        JsonElement recovered = await client.GetAsync("v1/status");
        long accepted = recovered.GetProperty("eventsAccepted").GetInt64();
        Assert.True(accepted > 0
            && accepted < counts.Values.Sum(), $"The kill came too late or too early: {accepted} events were in the log.");

        ProcessResult again = await ReplayAsync(file, url, columns);

        Assert.True(again.ExitCode == 0, again.Error);
        Assert.Contains($"{counts.Values.Sum():N0} events applied in {counts.Count:N0} streams, 0 dead letters", again.Output);
        Assert.Contains("of an earlier run of this replay", again.Output);
        var streams = await client.StreamsAsync(counts.Keys);
        Assert.Equal(counts, streams.ToDictionary(s => s.Key, s => s.Value.Events));
        Assert.Equal(JsonDocument.Parse(undisturbed.Output).RootElement.GetProperty("digest").GetString(), HostClient.DigestOf(streams));
    }

    /// <summary>Bytes that a file's events have in a replay's requests.</summary>
    private static long RequestBytes(string file, string? columns)
    {
        var body = new ArrayBufferWriter<byte>();
        foreach (EventBatch batch in EventFile.ReadEvents(file, columns: columns is null ? null : EventColumns.Parse(columns)))
        {
            EventEncoder.WriteNdjson(batch, body);
        }
        return body.WrittenCount;
    }

    private Task<(ForetellProcess Host, Uri Url)> HostAsync() =>
        ForetellProcess.StartHostAsync(_folder, "--data-dir", "disturbed", "--model", _model);

    private Task<ProcessResult> ReplayAsync(string file, Uri url, params string[] columns) =>
        ForetellProcess.RunAsync(_folder.Path, ["replay", "--file", file, "--url", url.ToString(), "--speed", "max", .. columns]);
}
