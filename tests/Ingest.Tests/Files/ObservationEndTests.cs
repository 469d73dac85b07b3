using Foretell.Ingest.Files;
using Foretell.Models.PointProcess;
using Foretell.Support;

namespace Foretell.Ingest.Tests.Files;

public sealed class ObservationEndTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadSequences_WhenNothingIsSaid_LeavesTheEndOpen() =>
        Assert.All(EventFile.ReadSequences(Sequences()), s => Assert.Null(s.Until));

    [Theory]
    [InlineData(null, 7.5)]
    [InlineData("7.5", 7.5)]
    [InlineData("1e2", 100)]
    public void ReadSequences_WhenTheFileHoldsSequences_TakesTheirLatestEventOrTheNumber(string? text, double until)
    {
        List<EventSequence> read = EventFile.ReadSequences(Sequences(), timeUnitSeconds: 3600, until: new ObservationEnd(text));
        Assert.Equal(["a", "b", "c"], read.Select(s => s.Id));
        Assert.All(read, s => Assert.Equal(until, s.Until));
    }

    [Theory]
    [InlineData(null, 2)]
    [InlineData("1970-01-01T03:00:00Z", 2)]
    [InlineData("1970-01-01T06:00:00+01:00", 4)]
    [InlineData("14400", 3)]
    public void ReadSequences_WhenTheFileHoldsEvents_CountsTheEndFromItsEarliestEvent(string? text, double until)
    {
        string path = _folder.Write("e.csv", "stream,time\na,3600\nb,1970-01-01T03:00:00Z\na,5400\n");
        List<EventSequence> read = EventFile.ReadSequences(path, timeUnitSeconds: 3600, until: new ObservationEnd(text));
        Assert.All(read, s => Assert.Equal(until, s.Until));
        Assert.Equal([0, 0.5], read[0].Times);
    }

    [Theory]
    [InlineData("7.4", "Stream 'b' has an event after the end of observation, 7.4.")]
    [InlineData("2026-01-31T12:00:00Z", "must be a number in the unit of the sequences' times")]
    [InlineData("NaN", "must be a number in the unit of the sequences' times")]
    public void ReadSequences_WhenTheEndMakesNoSense_SaysWhy(string text, string expected) => Assert.Contains(expected,
        Assert.Throws<EventFileException>(() => EventFile.ReadSequences(Sequences(), until: new ObservationEnd(text))).Message);

    [Fact]
    public void ReadSequences_WhenEachStreamCountsFromItsOwnStart_WantsTheEndNamed()
    {
        string path = _folder.Write("own.jsonl", "{\"id\":\"a\",\"t\":[0,1]}\n{\"id\":\"b\",\"t\":[0,9]}\n");
        Assert.Contains("All 2 sequences start at 0",
            Assert.Throws<EventFileException>(() => EventFile.ReadSequences(path, until: new ObservationEnd())).Message);
        Assert.All(EventFile.ReadSequences(path, until: new ObservationEnd("10")), s => Assert.Equal(10, s.Until));
    }

    [Theory]
    [InlineData("5399", "Stream 'a' has an event after the end of observation, 5399.")]
    [InlineData("2026-01-31", "must be an RFC 3339 string with an offset")]
    public void ReadSequences_WhenTheEndOfAnEventFileMakesNoSense_SaysWhy(string text, string expected) => Assert.Contains(expected,
        Assert.Throws<EventFileException>(() =>
            EventFile.ReadSequences(_folder.Write("e.csv", "stream,time\na,3600\na,5400\n"), until: new ObservationEnd(text))).Message);

    private string Sequences() =>
        _folder.Write("s.jsonl", "{\"id\":\"a\",\"t\":[0,1]}\n{\"id\":\"b\",\"t\":[7.5]}\n{\"id\":\"c\",\"t\":[]}\n");
}
