using System.Globalization;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Ingest.Tests.Decoding;
using Foretell.Models.PointProcess;
using Foretell.Support;
using Parquet;
using Parquet.Schema;

namespace Foretell.Ingest.Tests.Files;

/// <summary>Values and labels in files: for training and as events.</summary>
[Collection("temporary files without a name")]
public sealed class EventFileValuesTests : IDisposable
{
    private const string Ndjson = """
        {"stream":"a","time":3,"mark":"buy","values":{"amount":3}}
        {"stream":"b","time":2,"label":"later"}
        {"stream":"a","time":1,"mark":"visit"}
        {"stream":"b","time":2,"mark":"visit"}
        {"stream":"a","time":2,"mark":"buy","values":{"temp":71.5,"amount":2}}
        {"stream":"b","time":1,"label":"earlier"}

        """;

    private const string Csv = """
        stream,time,mark,amount,temp,became
        a,3,buy,3,,
        b,2,,,,later
        a,1,visit,,,
        b,2,visit,,,
        a,2,buy,2,71.5,
        b,1,,,,earlier

        """;

    private static readonly EventColumns s_columns = EventColumns.Parse("values=amount,temp,label=became");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ReadSequences_WhenEventsHaveValuesAndLabels_SortsThemWithTheEvents()
    {
        string parquet = await ParquetAsync();
        foreach ((string path, EventColumns? columns) in new (string, EventColumns?)[]
        {
            (_folder.Write("e.ndjson", Ndjson), null), (_folder.Write("e.csv", Csv), s_columns), (parquet, s_columns),
        })
        {
            List<EventSequence> sequences = EventFile.ReadSequences(path, columns: columns);

            Assert.Equal(["a", "b"], sequences.Select(s => s.Id));
            Assert.Equal([0, 1, 2], sequences[0].Times);
            Assert.Equal(["visit", "buy", "buy"], sequences[0].Marks!);
            Assert.Equal(["amount", "temp"], sequences[0].Values!.Keys.Order());
            Assert.Equal([double.NaN, 2, 3], sequences[0].Values!["amount"]);
            Assert.Equal([double.NaN, 71.5, double.NaN], sequences[0].Values!["temp"]);
            Assert.Equal((null, null), (sequences[0].Label, sequences[1].Values));
            Assert.Equal("later", sequences[1].Label);
            Assert.Equal([1], sequences[1].Times);
        }
    }

    [Fact]
    public void ReadSequences_WhenAStreamHasNothingButALabel_IsASequenceWithoutEvents()
    {
        List<EventSequence> sequences = EventFile.ReadSequences(_folder.Write("e.ndjson",
            """{"stream":"a","time":5,"label":"x"}""" + "\n" + """{"stream":"b","time":7}""" + "\n"));

        Assert.Equal([("a", "x", 0), ("b", null, 1)], sequences.Select(s => (s.Id, s.Label, s.Times.Length)));
        Assert.Equal([0], sequences[1].Times);
        EventSequence only = Assert.Single(EventFile.ReadSequences(_folder.Write("l.ndjson", """{"stream":"a","time":5,"label":"x"}""" + "\n"),
            byWeek: true));
        Assert.Equal(("x", 0), (only.Label, only.Times.Length));
    }

    [Fact]
    public async Task ReadEvents_WhenAFileHasValuesAndLabels_KeepsThem()
    {
        string parquet = await ParquetAsync();
        DecodedRow[] expected =
        [
            new("a", 30_000_000, "buy", "") { Values = "amount=3" },
            new("b", 20_000_000, "later", "") { IsLabel = true },
            new("a", 10_000_000, "visit", ""),
            new("b", 20_000_000, "visit", ""),
            new("a", 20_000_000, "buy", "") { Values = "amount=2 temp=71.5" },
            new("b", 10_000_000, "earlier", "") { IsLabel = true },
        ];

        Assert.Equal(expected.Select(InOrder), Events(_folder.Write("e.ndjson", Ndjson)).Select(InOrder));
        Assert.Equal(expected, Events(_folder.Write("e.csv", Csv), s_columns));
        Assert.Equal(expected, Events(parquet, s_columns));
        Assert.Equal(expected.OrderBy(e => e.Ticks), Events(_folder.Write("e.csv", Csv), s_columns, sort: true));

        static DecodedRow InOrder(DecodedRow row) => row with { Values = string.Join(' ', row.Values.Split(' ').Order()) };
    }

    [Fact]
    public void ReadEvents_WhenSortedThroughRuns_KeepsEveryValue()
    {
        // Values in all but each third event, in runs of some ten events.
        var given = new Given(200);
        using var sort = new EventSort(given, "x", runBytes: 700, maxRuns: 3);
        var seen = new List<DecodedRow>();
        var batch = new EventBatch();
        for (; sort.TryAddNext(batch); batch.Clear())
        {
            seen.Add(DecodedRow.From(batch[0]));
        }

        Assert.Equal(given.Rows.OrderBy(r => r.Ticks), seen);
    }

    [Fact]
    public void ReadEvents_WhenSequencesHaveValuesAndLabels_GivesThemToTheEvents()
    {
        string path = _folder.Write("s.jsonl", """
            {"id":"a","t":[1,2,4],"k":["x","y","z"],"v":{"amount":[1.5,null,-2],"temp":[null,null,70]},"label":"churned"}
            {"id":"b","t":[4,5],"label":3}
            {"id":"c","t":[],"label":"nothing happened"}

            """);

        Assert.Equal(
            [
                new("a", 10_000_000, "x", "") { Values = "amount=1.5" }, new("a", 20_000_000, "y", ""),
                new("a", 40_000_000, "z", "") { Values = "amount=-2 temp=70" }, new("a", 40_000_000, "churned", "") { IsLabel = true },
                new("b", 40_000_000, "", ""), new("b", 50_000_000, "", ""), new("b", 50_000_000, "3", "") { IsLabel = true },
            ], Events(path));
    }

    [Fact]
    public void ReadSequences_WhenStreamsHaveStaticFacts_MakesThemValuesOfEveryEvent()
    {
        string path = _folder.Write("s.jsonl", """
            {"id":"a","t":[1,2],"static":{"age":18,"model":"m3","new":true,"site":null,"user":["81ce",[2]],"of":{"x":1}},"v":{"amount":[1.5,null]}}
            {"static":{"age":7,"model":"m4","new":false},"id":"b","t":[4]}
            {"id":"c","t":[],"static":{}}

            """);

        List<EventSequence> sequences = EventFile.ReadSequences(path);

        Assert.Equal(["age", "amount", "model=m3", "new"], sequences[0].Values!.Keys.Order());
        Assert.Equal([18, 18], sequences[0].Values!["age"]);
        Assert.Equal([1, 1], sequences[0].Values!["model=m3"]);
        Assert.Equal([1, 1], sequences[0].Values!["new"]);
        Assert.Equal([1.5, double.NaN], sequences[0].Values!["amount"]);
        Assert.Equal([("age", 7), ("model=m4", 1), ("new", 0)],
            sequences[1].Values!.Select(v => (v.Key, (int)v.Value.Single())).OrderBy(v => v.Key));
        Assert.Null(sequences[2].Values);
        // As events they are values, too, which is how a host is told.
        Assert.Equal("age=18 amount=1.5 model=m3=1 new=1", string.Join(' ', Events(path)[0].Values.Split(' ').Order()));
    }

    [Theory]
    [InlineData("""{"id":"a","t":[1],"static":[1]}""", "'static' must be an object of numbers and texts, got ")]
    [InlineData("""{"id":"a","t":[1],"static":{"age":1e999}}""", "'age' of 'static' must be a number")]
    [InlineData("""{"id":"a","t":[1],"static":{"\ud800":1}}""", "'static' has a member without a name of valid Unicode")]
    [InlineData("""{"id":"a","t":[1],"static":{"":1}}""", "'static' has a member without a name")]
    [InlineData("""{"id":"a","t":[1],"static":{"model":"\ud800"}}""", "'model' is no valid Unicode")]
    [InlineData("""{"id":"a","t":[1],"v":{"\udc00x":[1]}}""", "'v' has a member without a name of valid Unicode")]
    [InlineData("""{"id":"a","t":[1],"static":{"age":1,"age":2}}""", "'age' may be in 'static' only once")]
    [InlineData("""{"id":"a","t":[1],"static":{"age":1},"v":{"age":[2]}}""", "'age' is in 'v' and in 'static'")]
    public void ReadSequences_WhenAFactCannotBeRead_SaysWhich(string line, string reason) => Assert.Contains(reason,
        Assert.Throws<EventFileException>(() => EventFile.ReadSequences(_folder.Write("s.jsonl", line + "\n"))).Message);

    [Fact]
    public void ReadEvents_WhenASequencesValueHasNoNameThatAnEventMayHave_SaysWhich()
    {
        string path = _folder.Write("s.jsonl", $$$"""{"id":"a","t":[1,2],"v":{"{{{new string('n', 65)}}}":[null,1]}}""" + "\n");

        Assert.Contains("of 'v', at index 1: A value needs a name of 1 to 64 bytes of UTF-8, got 65.",
            Assert.Throws<EventFileException>(() => Events(path)).Message);
    }

    [Theory]
    [InlineData("stream,time,amount\na,1,x\n", "line 2: The column \"amount\" must hold a finite number")]
    [InlineData("stream,time\na,1\n", "There is no column 'amount' for the values; the columns are stream, time. Name it with --columns values=COLUMN.")]
    public void ReadSequences_WhenAValueIsNone_SaysWhere(string content, string expected) => Assert.Contains(expected,
        Assert.Throws<EventFileException>(() =>
            EventFile.ReadSequences(_folder.Write("e.csv", content), columns: EventColumns.Parse("values=amount"))).Message);

    [Fact]
    public async Task ReadEvents_WhenParquetHoldsNumbersOfOtherTypes_ReadsThemAndSaysWhatIsNone()
    {
        Assert.Equal(["n=1 t=2.5", "n=-1"], Events(await Numbers("2.5", ""), EventColumns.Parse("values=n,t")).Select(e => e.Values));
        Assert.Contains("Row 2 (from 1): The column 't' must hold a finite number, such as -12.3 or 1e6, or nothing, got 'x'.",
            Assert.Throws<EventFileException>(() => Events(_folder.At("n.parquet"), EventColumns.Parse("values=n,t"), write: Numbers("1", "x"))).Message);
        Assert.Contains("The column 'flag' for a value has type Boolean; expected numbers.",
            Assert.Throws<EventFileException>(() => Events(_folder.At("n.parquet"), EventColumns.Parse("values=flag"))).Message);

        async Task<string> Numbers(string first, string second)
        {
            var stream = new DataField<string>("stream");
            var time = new DataField<long>("time");
            var n = new DataField<int>("n");
            var t = new DataField<string>("t");
            var flag = new DataField<bool>("flag");
            return await WriteAsync("n.parquet", [stream, time, n, t, flag], async group =>
            {
                await group.WriteAsync(stream, ["a", "b"]);
                await group.WriteAsync<long>(time, new[] { 1L, 2L });
                await group.WriteAsync<int>(n, new[] { 1, -1 });
                await group.WriteAsync(t, [first, second]);
                await group.WriteAsync<bool>(flag, new[] { true, false });
            });
        }
    }

    [Fact]
    public async Task ReadEvents_WhenParquetHoldsInfinity_SaysSo()
    {
        var stream = new DataField<string>("stream");
        var time = new DataField<long>("time");
        var amount = new DataField<float>("amount");
        string path = await WriteAsync("i.parquet", [stream, time, amount], async group =>
        {
            await group.WriteAsync(stream, ["a", "b"]);
            await group.WriteAsync<long>(time, new[] { 1L, 2L });
            await group.WriteAsync<float>(amount, new[] { float.NaN, float.PositiveInfinity });
        });

        // NaN is how tables of numbers write that there is none.
        Assert.Contains("Row 2 (from 1): The column 'amount'", Assert.Throws<EventFileException>(() => Events(path, EventColumns.Parse("values=amount"))).Message);
    }

    [Fact]
    public void ReadSequences_WhenAPastHasValues_JoinsThem()
    {
        string past = _folder.Write("p.jsonl", """{"id":"a","t":[1,2],"v":{"x":[10,null],"old":[1,2]},"label":"then"}""" + "\n");
        string test = _folder.Write("t.jsonl", """{"id":"a","t":[3],"v":{"x":[30],"new":[7]}}""" + "\n");

        EventSequence joined = Assert.Single(EventFile.ReadSequences(test, pasts: [past]));

        Assert.Equal([10, double.NaN, 30], joined.Values!["x"]);
        Assert.Equal([1, 2, double.NaN], joined.Values["old"]);
        Assert.Equal([double.NaN, double.NaN, 7], joined.Values["new"]);
        Assert.Equal("then", joined.Label);
        Assert.Null(Assert.Single(EventFile.ReadSequences(_folder.Write("u.jsonl", "{\"id\":\"a\",\"t\":[3]}\n"),
            pasts: [_folder.Write("q.jsonl", "{\"id\":\"a\",\"t\":[1]}\n")])).Values);
    }

    private async Task<string> ParquetAsync()
    {
        var stream = new DataField<string>("stream");
        var time = new DataField<long>("time");
        var mark = new DataField<string>("mark");
        var amount = new DataField<double>("amount");
        var temp = new DataField<float?>("temp");
        var became = new DataField<string>("became");
        return await WriteAsync("e.parquet", [stream, time, mark, amount, temp, became], async group =>
        {
            await group.WriteAsync(stream, ["a", "b", "a", "b", "a", "b"]);
            await group.WriteAsync<long>(time, new[] { 3L, 2, 1, 2, 2, 1 });
            await group.WriteAsync(mark, ["buy", null!, "visit", "visit", "buy", null!]);
            await group.WriteAsync<double>(amount, new[] { 3, double.NaN, double.NaN, double.NaN, 2, double.NaN });
            await group.WriteAsync<float>(temp, new float?[] { null, null, null, null, 71.5f, null });
            await group.WriteAsync(became, [null!, "later", null!, null!, null!, "earlier"]);
        });
    }

    private async Task<string> WriteAsync(string name, Field[] fields, Func<ParquetRowGroupWriter, Task> write)
    {
        string path = _folder.At(name);
        await using FileStream file = File.Create(path);
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), file, new ParquetOptions());
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        await write(group);
        return path;
    }

    private static List<DecodedRow> Events(string path, EventColumns? columns = null, bool sort = false, Task<string>? write = null)
    {
        var rows = new List<DecodedRow>();
        path = write?.GetAwaiter().GetResult() ?? path;
        foreach (EventBatch batch in EventFile.ReadEvents(path, columns: columns, batchSize: 3, sort: sort))
        {
            rows.AddRange(Enumerable.Range(0, batch.Count).Select(i => DecodedRow.From(batch[i])));
        }
        return rows;
    }

    private sealed class Given(int count) : EventSource
    {
        // Seed 11.
        private readonly Random _random = new(11);

        public List<DecodedRow> Rows { get; } = [];

        public override bool TryAddNext(EventBatch batch)
        {
            if (Rows.Count == count)
            {
                return false;
            }
            string number = Rows.Count.ToString(CultureInfo.InvariantCulture);
            long ticks = _random.Next(-50, 50);
            (string, double)[] values = Rows.Count % 3 == 0 ? [] : [("amount", Rows.Count / 4.0), ($"n{number}", -1)];
            EventSets.Add(batch, "s", ticks, number, "", values);
            Rows.Add(DecodedRow.From(batch[batch.Count - 1]));
            return true;
        }
    }
}
