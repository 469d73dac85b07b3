using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Ingest.Tests.Decoding;
using Foretell.Models.PointProcess;
using Foretell.Support;

namespace Foretell.Ingest.Tests.Files;

public sealed class EventFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadEvents_WhenNdjson_KeepsFileOrder()
    {
        string path =
            _folder.Write("events.ndjson",
            "{\"stream\":\"b\",\"time\":2,\"mark\":\"x\",\"id\":\"1\"}\n{\"stream\":\"a\",\"time\":\"1970-01-01T00:00:01Z\"}\n");

        Assert.Equal([new("b", 20_000_000, "x", "1"), new("a", 10_000_000, "", "")], Events(path));
    }

    [Fact]
    public void ReadEvents_WhenCsvHasDefaultColumns_ReadsEach()
    {
        string path = _folder.Write("events.csv", "time,other,Stream,mark,id\n1.5,x,a,buy,i1\n1970-01-01T00:00:02Z,,b,,\n");

        Assert.Equal([new("a", 15_000_000, "buy", "i1"), new("b", 20_000_000, "", "")], Events(path));
    }

    [Fact]
    public void ReadEvents_WhenFieldsHaveBlanksAroundThem_ReadsTheSame()
    {
        List<DecodedRow> plain = Events(SharedData.PathOf("field/csv-plain.csv"));

        Assert.All(plain, e => Assert.False(e.Mark.Contains(' ')));
        Assert.Equal(plain, Events(SharedData.PathOf("field/csv-space.csv")));
    }

    [Theory]
    [InlineData("stream;time;mark\na;1,5;x\n")]
    [InlineData("stream,time,mark\na,1,5,x\n")]
    public void ReadEvents_WhenADecimalCommaStandsInATime_NeverTakesItForAnother(string content) =>
        Assert.Throws<EventFileException>(() => Events(_folder.Write("e.csv", content)));

    [Fact]
    public void ReadEvents_WhenTabsAreQuotedAndFieldsEmpty_KeepsTheFieldsApart()
    {
        string path = _folder.Write("e.tsv", "\ttime\tstream\tmark\n\t1\ta\t\n\t2\t\"b\tc\"\t\"x\ny\"\n");

        Assert.Equal([new("a", 10_000_000, "", ""), new("b\tc", 20_000_000, "x\ny", "")], Events(path));
    }

    [Fact]
    public void ReadEvents_WhenTheZoneIsNamed_ReadsLocalTimesOfEveryFormat()
    {
        TimeZoneInfo zone = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");
        foreach (string content in new[] { "stream,time\na,1970-01-01 00:00:00\n", "{\"stream\":\"a\",\"time\":\"1970-01-01T00:00:00\"}\n" })
        {
            string path = _folder.Write("e", content);
            Assert.Throws<EventFileException>(() => Events(path));
            EventBatch batch = Assert.Single(EventFile.ReadEvents(path, zone: zone));
            Assert.Equal(5 * 3600 * EventTime.PerSecond, new LogRecord(batch[0]).TimeTicks);
        }
    }

    [Fact]
    public void ReadEvents_WhenCsvColumnsAreNamed_UsesThose()
    {
        string path = _folder.Write("replay.txt", "unix_time,src,dst\n1082040961,1,2\n1082155839,3,4\n");

        Assert.Equal([new("1", 10_820_409_610_000_000, "", ""), new("3", 10_821_558_390_000_000, "", "")],
            Events(path, EventColumns.Parse("stream=src,time=unix_time")));
        Assert.Equal(["2", "4"], Events(path, EventColumns.Parse("stream=src, time=unix_time, mark=dst")).Select(e => e.Mark));
    }

    [Fact]
    public void ReadEvents_WhenCsvIsQuoted_FollowsRfc4180()
    {
        string path =
            _folder.Write("events.csv",
            "\"stream\",\"time\",\"mark\"\r\n\"a,b\",1,\"say \"\"hi\"\"\"\r\n\"two\nlines\",\"2\",\"\"\r\nlast,3,");

        Assert.Equal([("a,b", "say \"hi\""), ("two\nlines", ""), ("last", "")], Events(path).Select(e => (e.Stream, e.Mark)));
    }

    [Theory]
    [InlineData("events.csv", "\uFEFFstream,time\r\na,1\r\n\r\n \r\nb,2\r\n\r\n\r\n")]
    [InlineData("events.ndjson", "\uFEFF\r\n{\"stream\":\"a\",\"time\":1}\r\n\r\n  {\"stream\":\"b\",\"time\":2}\r\n\r\n")]
    [InlineData("events.dat", "\uFEFF{\"id\":\"a\",\"t\":[1]}\r\n\r\n{\"id\":\"b\",\"t\":[2]}\r\n\r\n")]
    public void ReadEvents_WhenFileHasMarkOfOrderCarriageReturnsAndBlankLines_SkipsThem(string name, string content) =>
        Assert.Equal([("a", 10_000_000L), ("b", 20_000_000L)], Events(_folder.Write(name, content)).Select(e => (e.Stream, e.Ticks)));

    [Fact]
    public void ReadEvents_WhenSequences_MergesInTimeOrderAndTiesInLineOrder()
    {
        string path = _folder.Write("s.jsonl",
            "{\"id\":\"a\",\"t\":[0,1,1,2.5],\"k\":[0,1,2,3]}\n{\"id\":7,\"t\":[0.5,1],\"k\":[\"x\",9]}\n{\"id\":\"c\",\"t\":[]}\n");

        Assert.Equal(
            [
                new("a", 0, "0", ""), new("7", 18_000_000_000, "x", ""), new("a", 36_000_000_000, "1", ""),
                new("a", 36_000_000_000, "2", ""), new("7", 36_000_000_000, "9", ""), new("a", 90_000_000_000, "3", ""),
            ],
            Events(path, timeUnitSeconds: 3600));
    }

    [Fact]
    public void ReadEvents_WhenFileIsLargerThanItsBuffer_CutsBatchesAtTheirSize()
    {
        var text = new StringBuilder("stream,time\n");
        for (int i = 0; i < 10_007; i++)
        {
            text.Append("stream-").Append(i).Append(',').Append(i).Append('\n');
        }
        string path = _folder.Write("large.csv", text.ToString());

        var sizes = new List<int>();
        int seen = 0;
        foreach (EventBatch batch in EventFile.ReadEvents(path, batchSize: 1000))
        {
            sizes.Add(batch.Count);
            for (int i = 0; i < batch.Count; i++, seen++)
            {
                Assert.Equal(new DecodedRow($"stream-{seen}", seen * EventTime.PerSecond, "", ""), DecodedRow.From(batch[i]));
            }
        }
        Assert.Equal([.. Enumerable.Repeat(1000, 10), 7], sizes);
    }

    [Fact]
    public void ReadEvents_WhenOneLineIsLongerThanTheBuffer_ReadsItWhole()
    {
        string path = _folder.Write("long.jsonl", $$"""{"id":"a","t":[{{string.Join(',', Enumerable.Range(0, 100_000))}}]}""");

        Assert.Equal(100_000, Events(path).Count);
    }

    [Fact]
    public void ReadSequences_WhenSequenceFile_ReturnsItAsItIs()
    {
        string path =
            _folder.Write("s.jsonl", "{\"id\":\"a\",\"t\":[0.25,1e1],\"k\":[3,\"x\"],\"more\":{}}\n{\"t\":[-1],\"id\":\"b\",\"k\":null}\n");

        List<EventSequence> sequences = EventFile.ReadSequences(path, timeUnitSeconds: 3600);

        Assert.Equal(["a", "b"], sequences.Select(s => s.Id));
        Assert.Equal([0.25, 10], sequences[0].Times);
        Assert.Equal(["3", "x"], sequences[0].Marks!);
        Assert.Equal([-1], sequences[1].Times);
        Assert.Null(sequences[1].Marks);
    }

    [Fact]
    public void ReadSequences_WhenEventFile_GroupsSortsAndConverts()
    {
        string path = _folder.Write("e.csv", "stream,time,mark\nb,7200,y\na,10800,late\na,3600,first\na,10800,tie\n");

        List<EventSequence> sequences = EventFile.ReadSequences(path, timeUnitSeconds: 3600);

        Assert.Equal(["b", "a"], sequences.Select(s => s.Id));
        Assert.Equal([1], sequences[0].Times);
        Assert.Equal([0, 2, 2], sequences[1].Times);
        Assert.Equal(["first", "late", "tie"], sequences[1].Marks!);
    }

    [Fact]
    public void ReadSequences_WhenNoEventHasAMark_HasNoMarks() =>
        Assert.Null(EventFile.ReadSequences(_folder.Write("e.csv", "stream,time\na,1\n"))[0].Marks);

    [Fact]
    public void ReadSequences_WhenUnixTimesAreLarge_KeepsGapsToTheTick()
    {
        string path = _folder.Write("e.csv", "stream,time\na,1700000000.0000001\na,1700000000.0000003\n");

        Assert.Equal([0, 2e-7], EventFile.ReadSequences(path)[0].Times);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Read_WhenTimeUnitIsNoDuration_Refuses(double unit)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => EventFile.ReadSequences("x", unit));
        Assert.Throws<ArgumentOutOfRangeException>(() => EventFile.ReadEvents("x", unit));
    }

    private static List<DecodedRow> Events(string path, EventColumns? columns = null, double timeUnitSeconds = 1)
    {
        var rows = new List<DecodedRow>();
        foreach (EventBatch batch in EventFile.ReadEvents(path, timeUnitSeconds, columns, batchSize: 3))
        {
            rows.AddRange(Enumerable.Range(0, batch.Count).Select(i => DecodedRow.From(batch[i])));
        }
        return rows;
    }
}
