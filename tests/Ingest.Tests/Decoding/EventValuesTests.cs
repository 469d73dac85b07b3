using System.Globalization;
using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Ingest.Tests.Decoding;

/// <summary>Values and labels in each form that the API takes.</summary>
public sealed class EventValuesTests
{
    private const string Json = "application/json", Ndjson = "application/x-ndjson", Cloud = "application/cloudevents+json";

    [Fact]
    public void Decode_WhenAnEventHasValues_TakesEachUnderItsName()
    {
        const string body = """{"values":{"amount":12.3,"temp":-7.1e1,"none":null,"caf\u00e9":0},"stream":"s","time":1,"mark":"order","id":"i"}""";
        var expected = new DecodedRow("s", 10_000_000, "order", "i") { Values = "amount=12.3 temp=-71 café=0" };

        Assert.Equal([expected], Decoded.From(Json, body).Events);
        Assert.Equal([expected, expected], Decoded.From(Ndjson, $"{body}\n{body}").Events);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"amount":null}""")]
    public void Decode_WhenThereIsNone_IsTheRecordWithoutValues(string values)
    {
        byte[] body = Encoding.UTF8.GetBytes($$"""[{"stream":"s","time":1,"values":{{values}}},{"stream":"s","time":1}]""");
        var batch = new EventBatch();
        EventDecoder.For(Json)!.Decode(body, batch, new Rejections());

        Assert.Equal(batch[1].ToArray(), batch[0].ToArray());
    }

    [Fact]
    public void Decode_WhenOneEventHasValues_TheNextDoesNotHaveThem() => Assert.Equal(["a=1", "", "b=2"],
        Decoded.From(Json, """
            [{"stream":"s","time":1,"values":{"a":1}},{"stream":"s","time":2},{"stream":"s","time":3,"values":{"c":null,"b":2}}]
            """).Events.Select(e => e.Values));

    [Theory]
    [InlineData("[1]", "'values' must be an object of numbers, such as {\"amount\":12.3}, got an array.")]
    [InlineData("12", "'values' must be an object of numbers, such as {\"amount\":12.3}, got the number 12.")]
    [InlineData("\"a\"", "'values' must be an object of numbers, such as {\"amount\":12.3}, got the string \"a\".")]
    [InlineData("{\"amount\":\"12\"}", "\"amount\" of 'values' must be a finite number or null, got the string \"12\".")]
    [InlineData("{\"amount\":true}", "\"amount\" of 'values' must be a finite number or null, got true.")]
    [InlineData("{\"amount\":[1,{\"x\":2}],\"b\":1}", "\"amount\" of 'values' must be a finite number or null, got an array.")]
    [InlineData("{\"amount\":1e999}", "\"amount\" of 'values' must be a finite number or null, got the number 1e999.")]
    [InlineData("{\"amount\":-1e999}", "\"amount\" of 'values' must be a finite number or null, got the number -1e999.")]
    [InlineData("{\"a\":1,\"a\":2}", "\"a\" of 'values': A value's name is there twice; expected it once.")]
    [InlineData("{\"a\":1,\"\\u0061\":2}", "\"a\" of 'values': A value's name is there twice; expected it once.")]
    [InlineData("{\"\":1}", "\"\" of 'values': A value needs a name of 1 to 64 bytes of UTF-8, got 0.")]
    [InlineData("{\"\\ud800\":1}", "A name in 'values' is no valid Unicode: it holds invalid UTF-8 or half of a surrogate pair.")]
    public void Decode_WhenValuesAreNone_SaysWhatWasSeenAndExpected(string values, string expected)
    {
        string bad = $$"""{"stream":"s","values":{{values}},"time":1}""";
        Decoded decoded = Decoded.From(Json, $$"""[{"stream":"a","time":1},{{bad}},{"stream":"b","time":2}]""");

        Assert.Equal(["a", "b"], decoded.Events.Select(e => e.Stream));
        Assert.Equal(new Rejection(1, expected), Assert.Single(decoded.Rejections));
        Assert.Equal(expected, Assert.Single(Decoded.From(Ndjson, bad).Rejections).Reason);
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("-Infinity")]
    public void Decode_WhenANumberIsNoJson_RefusesTheLine(string number)
    {
        string body = $$$"""{"stream":"s","time":1,"values":{"a":{{{number}}}}}""";

        Assert.Throws<MalformedBodyException>(() => Decoded.From(Json, body));
        Assert.Contains("is not JSON", Assert.Single(Decoded.From(Ndjson, body).Rejections).Reason);
    }

    [Fact]
    public void Decode_WhenThereAreTooManyOrANameIsTooLong_SaysSo()
    {
        string values = string.Join(',', Enumerable.Range(0, 16).Select(i => $"\"v{i:00}\":{i}"));
        string longest = new('n', EventValues.MaxNameBytes);

        Assert.Equal(16, Assert.Single(Of(values).Events).Values.Split(' ').Length);
        Assert.Equal("\"v16\" of 'values': An event has at most 16 values, and this is one more.", Reason($"{values},\"v16\":1"));
        Assert.Equal($"{longest}=1", Assert.Single(Of($"\"{longest}\":1").Events).Values);
        Assert.Equal("A name in 'values' must be 1 to 64 bytes of UTF-8, got 65.", Reason($"\"{longest}x\":1"));
        Assert.Equal("A name in 'values' must be 1 to 64 bytes of UTF-8, got 300.", Reason($"\"\\u0061{new string('x', 299)}\":1"));

        static Decoded Of(string values) => Decoded.From(Json, $$$"""{"stream":"s","time":1,"values":{{{{values}}}}}""");
        static string Reason(string values) => Assert.Single(Of(values).Rejections).Reason;
    }

    [Fact]
    public void Decode_WhenANameIsInvalidUtf8_IsRejected()
    {
        byte[] body = [.. "{\"time\":1,\"stream\":\"s\",\"values\":{\"a"u8, 0xFF, .. "\":1}}"u8];

        Assert.Contains("invalid UTF-8", Assert.Single(Decoded.From(Json, body).Rejections).Reason);
    }

    [Theory]
    [InlineData("""{"stream":"s","time":1,"label":"churned","id":"i"}""", "churned", "i")]
    [InlineData("""{"label":"ch\u0075rned","stream":"s","time":1,"mark":null,"values":null}""", "churned", "")]
    [InlineData("""{"stream":"s","time":1,"label":-3,"type":"of the sender's own"}""", "-3", "")]
    [InlineData("""{"stream":"s","time":1,"label":"x","mark":"","values":{"a":null}}""", "x", "")]
    public void Decode_WhenALabelComes_IsARecordOfItsOwnKind(string body, string label, string id)
    {
        Assert.Equal([new DecodedRow("s", 10_000_000, label, id) { IsLabel = true }], Decoded.From(Json, body).Events);
        Assert.Equal([new DecodedRow("s", 10_000_000, label, id) { IsLabel = true }], Decoded.From(Ndjson, body).Events);
    }

    [Theory]
    [InlineData("""{"stream":"s","time":1,"label":"x","mark":"buy"}""", "'label' is there together with 'mark'; expected it alone: send a label as an event of its own.")]
    [InlineData("""{"stream":"s","time":1,"values":{"a":1},"label":"x"}""", "'label' is there together with 'values'; expected it alone: send a label as an event of its own.")]
    [InlineData("""{"stream":"s","time":1,"label":""}""", "Label must be 1 to 256 bytes of UTF-8, got 0.")]
    [InlineData("""{"stream":"s","time":1,"label":1.5}""", "'label' must be a string or an integer, got the number 1.5.")]
    [InlineData("""{"stream":"s","time":1,"label":["x"]}""", "'label' must be a string or an integer, got an array.")]
    [InlineData("""{"stream":"s","time":1,"label":"x","label":"y"}""", "'label' is there twice; expected it once.")]
    [InlineData("""{"stream":"s","time":1,"values":{},"values":{}}""", "'values' is there twice; expected it once.")]
    [InlineData("""{"stream":"s","label":"x"}""", "'time' is missing;")]
    public void Decode_WhenALabelIsNone_SaysWhatWasSeenAndExpected(string body, string expected) =>
        Assert.StartsWith(expected, Assert.Single(Decoded.From(Json, body).Rejections).Reason);

    [Theory]
    [InlineData(256, 1)]
    [InlineData(257, 0)]
    public void Decode_WhenALabelIsAtItsLimit_CountsBytes(int bytes, int events) =>
        Assert.Equal(events, Decoded.From(Json, $$"""{"stream":"s","time":1,"label":"{{new string('x', bytes)}}"}""").Events.Count);

    [Theory]
    [InlineData("""{"values":{"amount":12.3,"temp":71},"label":"of the sender's own"}""", "amount=12.3 temp=71")]
    [InlineData("""{"values":[1,2],"more":{"values":{"a":1}}}""", "")]
    [InlineData("""{"values":"12","label":{"en":"buy"}}""", "")]
    [InlineData("\"values\"", "")]
    [InlineData("[{\"values\":{\"a\":1}}]", "")]
    [InlineData("null", "")]
    public void DecodeCloudEvent_WhenItsDataHasValues_TakesThemAndLeavesTheRest(string data, string values)
    {
        var expected = new DecodedRow("c-7", 0, "buy", "1") { Values = values };

        Assert.Equal([expected], Decoded.From(Cloud, CloudEvent("buy", data)).Events);
        Assert.Equal([expected], Decoded.From("application/cloudevents-batch+json", $"[{CloudEvent("buy", data)}]").Events);
        Assert.Equal([expected], Decoded.From(Cloud, Binary("buy", "application/json; charset=utf-8", data)).Events);
        Assert.Equal([expected], Decoded.From(Cloud, Binary("buy", null, data)).Events);
        Assert.Equal([expected], Decoded.From(Cloud, Binary("buy", "application/vnd.acme+json", data)).Events);
        Assert.Equal("", Assert.Single(Decoded.From(Cloud, Binary("buy", "text/plain", data)).Events).Values);
    }

    [Theory]
    [InlineData("""{"values":{"a":"1"}}""", "\"a\" of 'values' must be a finite number or null, got the string \"1\".")]
    [InlineData("""{"values":{"a":1},"values":{"b":1}}""", "'values' is there twice in 'data'; expected it once.")]
    public void DecodeCloudEvent_WhenItsValuesAreNone_SaysWhy(string data, string expected)
    {
        Assert.Equal(expected, Assert.Single(Decoded.From(Cloud, CloudEvent("buy", data)).Rejections).Reason);
        Assert.Equal(expected, Assert.Single(Decoded.From(Cloud, Binary("buy", "application/json", data)).Rejections).Reason);
    }

    [Theory]
    [InlineData("""{"values":{"a":1}""")]
    [InlineData("""{"values":{"a":1}} x""")]
    [InlineData("""{"values":{"a":NaN}}""")]
    public void DecodeCloudEvent_WhenBinaryDataIsNoJsonObject_LeavesItAlone(string data) =>
        Assert.Equal([new DecodedRow("c-7", 0, "buy", "1")], Decoded.From(Cloud, Binary("buy", "application/json", data)).Events);

    [Fact]
    public void DecodeCloudEvent_WhenItsTypeSaysLabel_IsALabel()
    {
        var expected = new DecodedRow("c-7", 0, "churned", "1") { IsLabel = true };
        const string data = """{"label":"churned","since":"2026"}""";

        Assert.Equal([expected], Decoded.From(Cloud, CloudEvent("foretell.label", data)).Events);
        Assert.Equal([expected], Decoded.From(Cloud, Binary("foretell.label", "application/json", data)).Events);
        Assert.Equal([expected], Decoded.From(Cloud,
            """{"data":{"label":"churned"},"specversion":"1.0","id":"1","source":"c-7","type":"foretell.label","time":"1970-01-01T00:00:00Z"}""").Events);
    }

    [Theory]
    [InlineData(null, "'data' is missing; expected an object with a 'label'.")]
    [InlineData("7", "'data' must be an object with a 'label'.")]
    [InlineData("{}", "'label' is missing in 'data'; expected a string or an integer.")]
    [InlineData("""{"label":null}""", "'label' in 'data' must be a string or an integer.")]
    [InlineData("""{"label":""}""", "Label must be 1 to 256 bytes of UTF-8, got 0.")]
    [InlineData("""{"label":"x","values":{"a":1}}""", "'label' is there together with 'values'; expected it alone: send a label as an event of its own.")]
    public void DecodeCloudEvent_WhenALabelIsNone_SaysWhy(string? data, string expected) => Assert.Equal(expected,
        Assert.Single(Decoded.From(Cloud, CloudEvent("foretell.label", data)).Rejections).Reason);

    [Fact]
    public void DecodeCsv_WhenColumnsAreNamed_TakesTheirCellsAndLeavesEmptyOnesOut()
    {
        Decoded decoded = Csv("values=amount,Temp,label=became", """
            stream,time,mark,AMOUNT,temp,became,other
            a,1,buy,12.5,71,,x
            a,2,buy, ,-1e3,,x
            a,3,buy,,,,x
            a,4,,,,churned,x
            """);

        Assert.Empty(decoded.Rejections);
        Assert.Equal(
            [
                new DecodedRow("a", 10_000_000, "buy", "") { Values = "amount=12.5 Temp=71" },
                new DecodedRow("a", 20_000_000, "buy", "") { Values = "Temp=-1000" },
                new DecodedRow("a", 30_000_000, "buy", ""),
                new DecodedRow("a", 40_000_000, "churned", "") { IsLabel = true },
            ], decoded.Events);
        Assert.All(Decoded.From("text/csv", "stream,time,mark,label,values,amount\na,1,m,x,2,3").Events,
            e => Assert.Equal(new DecodedRow("a", 10_000_000, "m", ""), e));
    }

    [Theory]
    [InlineData("a,1,,x,", "The column \"amount\" must hold a finite number, such as -12.3 or 1e6, or nothing, got \"x\".")]
    [InlineData("a,1,,NaN,", "got \"NaN\"")]
    [InlineData("a,1,,Infinity,", "got \"Infinity\"")]
    [InlineData("a,1,,1e999,", "got \"1e999\"")]
    [InlineData("a,1,,\"1,5\",", "got \"1,5\"")]
    [InlineData("a,1,,0x10,", "got \"0x10\"")]
    [InlineData("a,1,buy,,churned", "'label' is there together with 'mark'")]
    [InlineData("a,1,,5,churned", "'label' is there together with 'values'")]
    public void DecodeCsv_WhenACellIsNone_RejectsItsRecordAlone(string record, string expected)
    {
        Decoded decoded = Csv("values=amount,label=became", $"stream,time,mark,amount,became\nz,1,,1,\n{record}\nz,2,,2,");

        Assert.Equal(["amount=1", "amount=2"], decoded.Events.Select(e => e.Values));
        Assert.Contains(expected, Assert.Single(decoded.Rejections).Reason);
    }

    [Theory]
    [InlineData("values=amount", "There is no column 'amount' for the values; the columns are stream, time. Name it with the parameter columns=values=COLUMN.")]
    [InlineData("label=became", "There is no column 'became' for the label;")]
    public void DecodeCsv_WhenAColumnIsNotThere_SaysWhichAre(string columns, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<MalformedBodyException>(() => Csv(columns, "stream,time\na,1")).Message);

    [Theory]
    [InlineData("stream=a,values=x,y z,label=l", "stream=a,time=time,label=l,values=x,y z")]
    [InlineData("values=a=b, c ,mark=m", "stream=stream,time=time,mark=m,values=a=b,c")]
    public void ParseColumns_WhenValuesAreNamed_TakesThemUpToTheNextPart(string text, string written)
    {
        Assert.Equal(written, EventColumns.Parse(text).ToString());
        Assert.Equal(written, EventColumns.Parse(written).ToString());
    }

    [Theory]
    [InlineData("values=a,b,a", "Columns name 'a' for a value. A value's name is there twice; expected it once.")]
    [InlineData("values=", "got 'values='.")]
    [InlineData("values=a,", "got ''.")]
    [InlineData("values=a,label=b,c", "got 'c'.")]
    [InlineData("values=a,values=b", "Columns name 'values' twice; expected it once.")]
    [InlineData("values=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "Columns name 'q' for a value. An event has at most 16 values, and this is one more.")]
    public void ParseColumns_WhenValuesAreNone_SaysWhy(string text, string expected) =>
        Assert.EndsWith(expected, Assert.Throws<FormatException>(() => EventColumns.Parse(text)).Message);

    [Fact]
    public void MemoryFor_WhenEventsHaveMostValuesAndShortestTexts_HoldsTheirBatch()
    {
        // What a batch takes, doubled as it grows: the records, and a place each.
        string names = string.Join(',', Enumerable.Range(0, 16).Select(i => $"{i:x}{new string('n', 63)}"));
        string table = $"stream,time,{names}\n" + string.Concat(Enumerable.Repeat($"a,1{string.Concat(Enumerable.Repeat(",1", 16))}\n", 500));
        string one = string.Join(',', Enumerable.Range(0, 16).Select(i => $"\"{(char)('a' + i)}\":1"));
        foreach ((EventDecoder decoder, string body) in new[]
        {
            (new CsvEventDecoder(EventColumns.Parse($"values={names}")), table),
            (EventDecoder.For(Ndjson)!, string.Concat(Enumerable.Repeat($$$"""{"stream":"a","time":1,"values":{{{{one}}}}}""" + "\n", 500))),
        })
        {
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            var batch = new EventBatch();
            decoder.Decode(bytes, batch, new Rejections());
            Assert.Equal(500, batch.Count);
            Assert.InRange(2 * (batch.Records.Length + 4 * batch.Count), 1, decoder.MemoryFor(bytes));
        }
    }

    private static string CloudEvent(string type, string? data) =>
        $$"""{"specversion":"1.0","id":"1","source":"/s","subject":"c-7","type":"{{type}}","time":"1970-01-01T00:00:00Z"{{(data is null ? "" : $",\"data\":{data}")}}}""";

    private static byte[] Binary(string type, string? contentType, string data)
    {
        var structured = new StructuredCloudEvent();
        structured.Begin();
        foreach ((string name, string value) in new[]
        {
            ("specversion", "1.0"), ("id", "1"), ("source", "/s"), ("subject", "c-7"), ("type", type), ("time", "1970-01-01T00:00:00Z"),
        })
        {
            structured.Add(name, value);
        }
        structured.AddData(contentType, Encoding.UTF8.GetBytes(data));
        return structured.End().ToArray();
    }

    private static Decoded Csv(string columns, string body)
    {
        var batch = new EventBatch();
        var rejections = new Rejections();
        new CsvEventDecoder(EventColumns.Parse(columns)).Decode(Encoding.UTF8.GetBytes(body), batch, rejections);
        DecodedRow[] rows = [.. Enumerable.Range(0, batch.Count).Select(i => DecodedRow.From(batch[i]))];
        return new Decoded(rows, rejections.First, rejections.Count);
    }
}
