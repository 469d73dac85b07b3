using Foretell.Ingest.Decoding;
using Foretell.Ingest.Files;
using Foretell.Support;

namespace Foretell.Ingest.Tests.Files;

/// <summary>The mistakes that people make with files, and the sentence that each one gets.</summary>
public sealed class EventFileErrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("x.jsonl", "", 0, "The file is empty; expected events.")]
    [InlineData("x.csv", "\n \r\n", 0, "The file is empty; expected events.")]
    [InlineData("x.jsonl", "hello\n", 1, "This is not JSON: \"hello\"")]
    [InlineData("x.txt", "[{\"stream\":\"a\",\"time\":1}]", 1, "This is a JSON array")]
    [InlineData("x.json", "{\n  \"stream\": \"a\"\n}", 1, "Expected one JSON object a line")]
    [InlineData("x.jsonl", "{\"user\":\"a\",\"when\":1}", 1, "this one has user, when")]
    [InlineData("x.jsonl", "{}", 1, "this one has no properties")]
    // Events.
    [InlineData("x.ndjson", "{\"stream\":\"a\",\"time\":1}\n\n{\"stream\":\"b\"}\n", 3, "'time' is missing")]
    [InlineData("x.ndjson", "{\"stream\":\"a\",\"time\":1}\n{\"stream\":\"b\",\"time\":2}{\"stream\":\"c\",\"time\":3}\n", 2,
        "not JSON at byte 24")]
    [InlineData("x.ndjson", "{\"stream\":\"a\",\"time\":1}\n{\"id\":\"a\",\"t\":[1]}\n", 2, "'stream' is missing")]
    // Sequences.
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1]}\n{\"id\":\"b\",\"t\":[2,1.5]}\n", 2,
        "'t' must not decrease, got 1.5 after 2 at index 1")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1,2],\"k\":[1]}", 1, "'k' has 1 marks for 2 times")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1,2],\"v\":{\"x\":[1]}}", 1, "'x' of 'v' has 1 values for 2 times")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1,2],\"v\":{\"x\":[1,\"2\"]}}", 1, "'x' of 'v' must hold numbers or null, got the string \"2\" at index 1")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1],\"v\":{\"x\":1}}", 1, "'x' of 'v' must be an array of numbers, got the number 1")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1],\"v\":[1]}", 1, "'v' must be an object of arrays")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1],\"v\":{\"x\":[1],\"x\":[2]}}", 1, "'x' may be in 'v' only once")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1],\"label\":0.5}", 1, "'label' must be a string or an integer")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1],\"fold\":-1}", 1, "'fold' must be an integer from 0 on, got the number -1")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1,\"2\"]}", 1, "'t' must hold numbers, got the string \"2\" at index 1")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1,[[2]]],\"k\":[1]}", 1, "got an array at index 1")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1e999]}", 1, "'t' must hold numbers, got the number 1e999")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":3}", 1, "'t' must be an array of numbers, got the number 3")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1],\"k\":[1.5]}", 1, "At index 0: 'k' must be a string or an integer")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1],\"k\":\"x\"}", 1, "'k' must be an array of marks")]
    [InlineData("x.jsonl", "{\"t\":[1]}", 1, "'id' is missing")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"k\":[1]}", 1, "'t' is missing")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1],\"t\":[2]}", 1, "only once")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1]}\n{\"id\":\"a\",\"t\":[1}\n", 2, "not JSON at byte 17")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1]}\nxyz\n", 2, "must be one JSON object, got \"xyz\"")]
    [InlineData("x.jsonl", "{\"id\":\"a\",\"t\":[1e15]}", 1, "is the time unit right?")]
    // What a terminal would take for orders.
    [InlineData("x.jsonl", "\u001b[2J\n", 1, "This is not JSON: \"\\u001b[2J\"")]
    [InlineData("x.jsonl", "{\"\u202Eeman\":1}", 1, "this one has \\u202eeman")]
    [InlineData("x.csv", "a\u001b]0;t\u0007,b\nx,y\n", 1, "a\\u001b]0;t\\u0007")]
    // CSV.
    [InlineData("x.csv", "src,when\na,1\n", 1,
        "There is no column 'stream' for the stream; the columns are src, when. Name it with --columns stream=COLUMN.")]
    [InlineData("x.csv", "user_id,ts,kind\na,1,b\n", 1, "the columns are user_id, ts, kind. Name it with --columns stream=user_id,time=ts.")]
    [InlineData("x.csv", "stream,time,Type\na,1,b\n", 1, "but one 'Type'. Name it with --columns mark=Type, or leave marks out with --columns stream=stream.")]
    [InlineData("x.csv", "stream;time\na;1769860800,5\n", 2, "got \"1769860800,5\". Write a fraction behind a point")]
    [InlineData("x.csv", "stream;time\na;2026-01-31T12:00:00,5Z\n", 2, "Write a fraction behind a point")]
    [InlineData("x.csv", "stream\ttime\na\t1,769\n", 2, "no commas between digits: they may mean either")]
    [InlineData("x.csv", "stream,time,time\na,1,2\n", 1, "'time' is there twice")]
    [InlineData("x.csv", "stream,time\na,1\nb\n", 3, "has 1 fields; expected 2")]
    [InlineData("x.csv", "stream,time\na,1,\n", 2, "has 3 fields; expected 2, as in the header. A comma within a field needs double quotes")]
    [InlineData("x.csv", "stream,time\na,yesterday\n", 2, "got \"yesterday\"")]
    [InlineData("x.csv", "stream,time\na,2026-01-31 12:00:00\n", 2, "has no offset")]
    [InlineData("x.csv", "stream,time\na,1700000000000\n", 2, "years 1 to 9999")]
    [InlineData("x.csv", "stream,time\n,1\n", 2, "Stream must be 1 to 256 bytes")]
    [InlineData("x.csv", "stream,time\n\"a\"b,1\n", 2, "must end with a double quote right before the next separator")]
    [InlineData("x.csv", "stream,time\na,1\n\"b,2\nc,3\n", 3, "is never closed")]
    public void ReadEvents_WhenFileIsBad_SaysWhereAndWhatWasExpected(string name, string content, long line, string expected)
    {
        string path = _folder.Write(name, content);

        var error = Assert.Throws<EventFileException>(() => EventFile.ReadEvents(path).Sum(b => b.Count));

        Assert.Contains(expected, error.Message);
        Assert.Equal((path, line), (error.Path, error.Line));
        Assert.StartsWith(line > 0 ? $"{path}, line {line}: " : $"{path}: ", error.Message);
    }

    [Fact]
    public void Read_WhenPathIsADirectory_SaysSo() =>
        Assert.Contains("This is a directory", Assert.Throws<EventFileException>(() => EventFile.ReadSequences(_folder.Path)).Message);

    [Fact]
    public void Read_WhenFileIsMissing_SaysSo() => Assert.Contains("no such file",
        Assert.Throws<EventFileException>(() => EventFile.ReadSequences(Path.Combine(_folder.Path, "nowhere", "x.csv"))).Message);

    [Fact]
    public void Read_WhenFileIsUtf16_SaysWhatToDo() => Assert.Contains("save it as UTF-8",
        Assert.Throws<EventFileException>(() => EventFile.ReadSequences(_folder.Write("x.csv", [0xFF, 0xFE, 0x73, 0x00]))).Message);

    [Fact]
    public void Read_WhenCsvIsNotUtf8_SaysSo() => Assert.Contains("line 2: The record is not valid UTF-8",
        Assert.Throws<EventFileException>(() =>
            EventFile.ReadSequences(_folder.Write("x.csv", [.. "stream,time\nZ"u8, 0xFC, .. "rich,1\n"u8]))).Message);

    [Fact]
    public void Read_WhenQuoteOpensTooMuch_StopsAfterAMegabyte() => Assert.Contains("not closed within a megabyte",
        Assert.Throws<EventFileException>(() => EventFile.ReadSequences(
            _folder.Write("x.csv", "stream,time\n\"a,1\n" + string.Concat(Enumerable.Repeat("b,2\n", 1_000_000))))).Message);

    [Fact]
    public void Read_WhenColumnsAreNamedForJson_Refuses() => Assert.Contains("for CSV and Parquet files only",
        Assert.Throws<EventFileException>(() => EventFile.ReadSequences(
            _folder.Write("x.jsonl", "{\"id\":\"a\",\"t\":[1]}"), 1, new EventColumns("src"))).Message);

    [Theory]
    [InlineData("stream", "got 'stream'")]
    [InlineData("stream=", "got 'stream='")]
    [InlineData("", "got ''")]
    [InlineData("key=a", "got 'key'")]
    [InlineData("time=a,time=b", "'time' twice")]
    public void ParseColumns_WhenTextIsBad_SaysWhy(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => EventColumns.Parse(text)).Message);

    [Fact]
    public void ParseColumns_WhenColumnIsNamedAndAbsent_IsAnError() => Assert.Contains("no column 'kind' for the mark",
        Assert.Throws<EventFileException>(() => EventFile.ReadSequences(
            _folder.Write("x.csv", "stream,time\na,1\n"), 1, EventColumns.Parse("mark=kind"))).Message);
}
