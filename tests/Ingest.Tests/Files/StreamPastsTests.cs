using Foretell.Ingest.Files;
using Foretell.Models.PointProcess;
using Foretell.Support;

namespace Foretell.Ingest.Tests.Files;

public sealed class StreamPastsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadSequences_WhenEventsHaveAPast_PutsItFirstOnTheSameClock()
    {
        string january = _folder.Write("1.csv", "stream,time,mark\na,1000,x\nother,1000,x\na,1010,y\n");
        string february = _folder.Write("2.csv", "stream,time,mark\na,2000,y\nb,2001,x\n");
        string march = _folder.Write("3.csv", "stream,time,mark\nb,3000,x\nnew,3001,x\na,3002,y\na,3005,x\n");

        List<EventSequence> sequences = EventFile.ReadSequences(march, timeUnitSeconds: 10, pasts: [january, february]);

        Assert.Equal(["b", "new", "a"], sequences.Select(s => s.Id));
        Assert.Equal([1, 0, 3], sequences.Select(s => s.Past));
        Assert.Equal([0, 1, 100, 200.2, 200.5], sequences[2].Times.Select(t => Math.Round(t - sequences[2].Times[0], 9)));
        Assert.Equal(["x", "y", "y", "y", "x"], sequences[2].Marks!);
    }

    [Fact]
    public void ReadSequences_WhenSequencesHaveAPast_KeepsTheirNumbers()
    {
        string train = _folder.Write("train.jsonl", "{\"id\":\"a\",\"t\":[1,2.5]}\n{\"id\":\"gone\",\"t\":[3]}\n");
        string test = _folder.Write("test.jsonl", "{\"id\":\"a\",\"t\":[4,9]}\n");

        EventSequence only = Assert.Single(EventFile.ReadSequences(test, pasts: [train]));

        Assert.Equal([1, 2.5, 4, 9], only.Times);
        Assert.Equal((2, null), (only.Past, only.Marks));
    }

    [Theory]
    [InlineData("{\"id\":\"a\",\"t\":[5]}\n", "Stream 'a' has an event at 5 in it, behind the first that is scored, at 4.")]
    [InlineData("{\"id\":\"a\",\"t\":[1]}\n{\"id\":\"a\",\"t\":[2]}\n", "Stream 'a' is there twice")]
    [InlineData("{\"id\":\"b\",\"t\":[1]}\n", "It has none of the streams that are scored")]
    [InlineData("{\"id\":\"a\",\"t\":[1],\"k\":[0]}\n", "Stream 'a' has marks only in it.")]
    [InlineData("{\"stream\":\"a\",\"time\":1}\n", "It holds events, and ")]
    public void ReadSequences_WhenAPastIsNone_SaysWhy(string past, string problem)
    {
        string test = _folder.Write("test.jsonl", "{\"id\":\"a\",\"t\":[4,9]}\n"), path = _folder.Write("past.jsonl", past);

        var e = Assert.Throws<EventFileException>(() => EventFile.ReadSequences(test, pasts: [path]));

        Assert.StartsWith(path + ": " + problem, e.Message);
    }
}
