using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;

namespace Foretell.Bench;

/// <summary>Bodies of 1,000 events into records, by form; the last forms have values.</summary>
internal static class DecodeBench
{
    private const int Events = 1000;

    public static async Task RunAsync()
    {
        await RateAsync("NDJSON", "application/x-ndjson", "", Line);
        await RateAsync("JSON", "application/json", "", Line);
        await RateAsync("CSV", EventDecoder.CsvType, "stream,time,mark", i => $"user/{i % 97},{1_769_860_800 + i},visit");
        await RateAsync("CloudEvents", "application/cloudevents-batch+json", "", i =>
            $$$"""{"specversion":"1.0","id":"e-{{{i}}}","source":"shop","subject":"user/{{{i % 97}}}","type":"visit","time":"2026-01-31T12:00:00Z","data":{"page":"/a/b","n":7}}""");
        if (Takes("""{"stream":"s","time":1,"values":{"amount":1}}"""))
        {
            await RateAsync("NDJSON with two values", "application/x-ndjson", "", i => Line(i)[..^1] + $$$""","values":{"amount":{{{i}}}.25,"temp":71.5}}""");
        }
    }

    private static string Line(int i) => $$"""{"stream":"user/{{i % 97}}","time":{{1_769_860_800 + i}},"mark":"visit"}""";

    private static async Task RateAsync(string name, string type, string header, Func<int, string> line)
    {
        bool isArray = type.StartsWith("application/json", StringComparison.Ordinal) || type.Contains("batch");
        string lines = string.Join(isArray ? ",\n" : "\n", Enumerable.Range(0, Events).Select(line));
        byte[] body = Encoding.UTF8.GetBytes(isArray ? $"[{lines}]" : header.Length > 0 ? $"{header}\n{lines}" : lines);
        EventDecoder decoder = EventDecoder.For(type)!;
        var batch = new EventBatch();
        await Meter.RateAsync(name, () =>
        {
            long events = 0;
            for (int i = 0; i < 20; i++)
            {
                var rejections = new Rejections();
                batch.Clear();
                decoder.Decode(body, batch, rejections);
                events += batch.Count;
            }
            return events;
        });
    }

    /// <summary>Whether values come into the record: releases before values take the event without them.</summary>
    private static bool Takes(string body)
    {
        var batch = new EventBatch();
        EventDecoder.For("application/json")!.Decode(Encoding.UTF8.GetBytes(body), batch, new Rejections());
        return new LogRecord(batch[0]).Version > 0;
    }
}
