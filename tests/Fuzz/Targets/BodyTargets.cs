using System.Text;
using Foretell.Engine.Events;
using Foretell.Fuzz.Running;
using Foretell.Ingest.Decoding;
using Foretell.Web.Events;

namespace Foretell.Fuzz.Targets;

/// <summary>Bodies of POST /v1/events, by media type. Whatever is accepted must be a record that a log may hold.</summary>
internal static class BodyTargets
{
    private static readonly string[] s_json =
    [
        "\"stream\":", "\"time\":", "\"mark\":", "\"id\":", "\"values\":{", "\"label\":", "\"amount\":1.5,", "1e999", "\"customer-7\"", "1769860800", "\"2026-01-31T12:00:00Z\"", "\"2026-01-31T12:00:00.123456789+05:30\"",
        "{\"stream\":\"a\",\"time\":1}", "\\u0041", "\\ud83d\\ude00", "null", "[[[[[[[[", "{\"a\":{\"a\":", "},{", "]", "}",
    ];

    private static readonly string[] s_cloud =
    [
        "\"specversion\":\"1.0\"", "\"source\":", "\"subject\":", "\"type\":", "\"time\":", "\"id\":", "\"data\":", "\"data_base64\":", "\"datacontenttype\":",
        "\"partitionkey\":", .. s_json,
    ];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        Body("json", "application/json", s_json, """[{"stream":"customer-7","time":"2026-01-31T12:00:00Z","mark":"buy","id":"e-1"},{"stream":"c","time":1769860801.5,"mark":7}]""",
            """{"stream":"a","time":-1e9}""", """[{"stream":"a","time":1,"values":{"amount":12.5,"temp":null}},{"stream":"a","time":2,"label":"x"}]"""),
        Body("ndjson", "application/x-ndjson", s_json, "{\"stream\":\"a\",\"time\":1,\"mark\":\"x\"}\n{\"stream\":\"b\",\"time\":\"2026-01-31T12:00:00Z\"}\n\n{\"stream\":1}\n"),
        Body("csv", "text/csv", ["stream", "time", "mark", "id", "\"", "\"\"", ",", ";", "\t", "\r\n", "\n\"", "customer-7", "2026-01-31T12:00:00Z"],
            "stream,time,mark\ncustomer-7,2026-01-31T12:00:00Z,buy\n\"a \"\"b\"\"\",1769860801.5,\n", "id;Time;Stream\n1;2;3\n"),
        Body("cloudevent", "application/cloudevents+json", s_cloud,
            """{"specversion":"1.0","id":"e-1","source":"shop","subject":"customer-7","type":"buy","time":"2026-01-31T12:00:00Z","data":{"a":[1,2]}}""",
            """{"specversion":"1.0","id":"e-1","source":"shop","type":"foretell.label","time":"2026-01-31T12:00:00Z","data":{"label":"x","values":null}}""",
            """{"data":{"values":{"amount":1}},"specversion":"1.0","id":"e-1","source":"shop","type":"buy","time":"2026-01-31T12:00:00Z"}"""),
        new("csv-values", body => Decode(new CsvEventDecoder(EventColumns.Parse("values=amount,temp,label=became")), body), typeof(MalformedBodyException))
        {
            Seeds = [.. new[] { "stream,time,amount,temp,became\na,1,12.5,,\nb,2,,,x\n" }.Select(Encoding.UTF8.GetBytes)],
            Words = ["amount", "temp", "became", ",", "\n", "1e999", "NaN", "-1.5"], MostBytes = 16_384, BytesPerByte = 256,
        },
        Body("cloudevents", "application/cloudevents-batch+json", s_cloud,
            """[{"specversion":"1.0","id":"e-1","source":"shop","type":"buy","time":"2026-01-31T12:00:00Z"},{"specversion":"1.0","id":"2","source":"s","type":"t","data_base64":"AA=="}]"""),
        // What the log keeps with an idempotency key, of the events that could not be read.
        new("receipt", kept => RejectedEvents.FromPayload(kept).ToPayload(), typeof(InvalidDataException))
        {
            Seeds = [.. new[] { """[{"index":4,"reason":"why"}]""", """{"first":[{"index":4,"reason":"why"}],"total":150}""" }.Select(Encoding.UTF8.GetBytes)],
            Words = ["\"first\":", "\"total\":", "\"index\":", "\"reason\":", .. s_json],
        },
    ];

    private static FuzzTarget Body(string name, string mediaType, string[] words, params string[] seeds)
    {
        EventDecoder decoder = EventDecoder.For(mediaType)!;
        return new FuzzTarget(name, body => Decode(decoder, body), typeof(MalformedBodyException))
        {
            Seeds = [.. seeds.Select(Encoding.UTF8.GetBytes)],
            Words = words,
            MostBytes = 16_384,
            BytesPerByte = 256,
            // Its lines are read one by one, each with an exception where it is no JSON.
            Share = name == "ndjson" ? 200 : 1000,
        };
    }

    private static void Decode(EventDecoder decoder, byte[] body)
    {
        var batch = new EventBatch();
        var rejections = new Rejections();
        decoder.Decode(body, batch, rejections);
        Look(batch, rejections, body.Length);
    }

    /// <summary>What holds of everything that was decoded.</summary>
    internal static void Look(EventBatch batch, Rejections rejections, int bytes)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            RecordTargets.Require(LogRecord.Check(batch[i], out int length) is null && length == batch[i].Length, "an accepted event is a record that a log may hold");
            EventHubsPartitioner.Partition(new LogRecord(batch[i]).Key, 8);
        }
        foreach (Rejection rejection in rejections.First)
        {
            RecordTargets.Require(rejection.Reason.Length is > 0 and < 2000, $"a rejection is a sentence, not {rejection.Reason}");
        }
        RecordTargets.Require(rejections.First.Count <= Math.Min(rejections.Count, Rejections.MaxListed), "rejections are capped");
        RecordTargets.Require(batch.Count + rejections.Count <= bytes + 1, "there are no more events than bytes");
    }
}
