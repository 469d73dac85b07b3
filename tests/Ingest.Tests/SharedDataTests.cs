using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Ingest.Replay;
using Foretell.Ingest.Tests.Replay;
using Foretell.Models.PointProcess;
using Foretell.Support;

namespace Foretell.Ingest.Tests;

/// <summary>The real event sets: what their description counts, and a whole replay of real messages.</summary>
public sealed class SharedDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadSequences_WhenSetIsReal_FindsWhatItsDescriptionCounts()
    {
        AssertCounts("taxi/train.jsonl", sequences: 1400, events: 51_854, marks: 10);
        AssertCounts("taxi/dev.jsonl", sequences: 200, events: 7_404, marks: 10);
        AssertCounts("stackoverflow/train.jsonl", sequences: 2828, events: 208_527, marks: 22);
        AssertCounts("hawkes1/test.jsonl", sequences: 13, events: 13_312, marks: 0);
    }

    [Fact]
    public async Task Replay_WhenMessagesAreReal_CountsEveryStreamAsTheFileDoes()
    {
        string path = SharedData.PathOf("collegemsg/replay.csv");
        Dictionary<string, long> expected = File.ReadLines(path).Skip(1).GroupBy(l => l.Split(',')[1])
            .ToDictionary(g => g.Key, g => (long)g.Count());
        var options = new ReplayOptions { Columns = EventColumns.Parse("stream=src,time=unix_time") };
        await using ReplayHost host = await ReplayHost.StartAsync(Path.Combine(_folder.Path, "data"));
        using var http = new HttpClient();
        var client = new ReplayClient(http, host.Address);

        ReplaySummary first = await client.RunAsync(path, options);
        ReplaySummary second = await client.RunAsync(path, options);

        Assert.Equal((59_835, 59_835, 0), (first.Sent, first.Accepted, first.ReplayedBatches));
        Assert.Equal((59_835, 60), (second.Accepted, second.ReplayedBatches));
        Assert.Equal(expected, await host.CountsAsync(second.Position, expected.Keys));
        Assert.Equal((59_835, 0), (host.Platform.Status().EventsApplied, host.Platform.Status().DeadLetters));
    }

    private static void AssertCounts(string file, int sequences, int events, int marks)
    {
        List<EventSequence> read = EventFile.ReadSequences(SharedData.PathOf(file));

        Assert.Equal(sequences, read.Count);
        Assert.Equal(events, read.Sum(s => s.Times.Length));
        Assert.Equal(marks, read.SelectMany(s => s.Marks ?? []).Distinct().Count());
    }
}
