using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Foretell.Engine.Events;
using Foretell.Engine.Log;

namespace Foretell.Support;

/// <summary>Builds batches and reads logs, in as few words as a test needs.</summary>
public static class EventSets
{
    /// <summary>A batch of events; times in ticks.</summary>
    public static EventBatch Batch(params (string Stream, long Ticks, string Mark)[] events)
    {
        var batch = new EventBatch();
        foreach ((string stream, long ticks, string mark) in events)
        {
            Add(batch, stream, ticks, mark);
        }
        return batch;
    }

    /// <summary>Adds an event that must be accepted.</summary>
    public static void Add(EventBatch batch, string stream, long ticks, string mark = "", string id = "",
        params (string Name, double Value)[] values)
    {
        var encoded = new EventValues();
        foreach ((string name, double value) in values)
        {
            Assert.Null(encoded.TryAdd(Encoding.UTF8.GetBytes(name), value));
        }
        Assert.Null(batch.TryAdd(Encoding.UTF8.GetBytes(stream), ticks, Encoding.UTF8.GetBytes(mark), Encoding.UTF8.GetBytes(id),
            encoded.Encoded));
    }

    /// <summary>Adds a label that must be accepted.</summary>
    public static void AddLabel(EventBatch batch, string stream, long ticks, string label, string id = "") =>
        Assert.Null(batch.TryAddLabel(Encoding.UTF8.GetBytes(stream), ticks, Encoding.UTF8.GetBytes(label), Encoding.UTF8.GetBytes(id)));

    /// <summary>A record's values, such as "amount=12.3 temp=71".</summary>
    public static string Values(LogRecord record)
    {
        var values = new List<(string, double)>();
        for (ReadOnlySpan<byte> rest = record.Values; EventValues.TryRead(ref rest, out ReadOnlySpan<byte> name, out double value);)
        {
            values.Add((Encoding.UTF8.GetString(name), value));
        }
        return Text(values);
    }

    /// <summary>Values as <see cref="Read.Values"/> has them.</summary>
    public static string Text(IEnumerable<(string Name, double Value)> values) =>
        string.Join(' ', values.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Name}={v.Value}")));

    /// <summary>An event as the API and brokers' messages have it.</summary>
    /// <param name="e">The event.</param>
    /// <param name="values">Its values.</param>
    public static string Json((string Stream, long Ticks, string Mark) e, params (string Name, double Value)[] values)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("stream", e.Stream);
            json.WriteString("time", EventTime.ToDateTimeOffset(e.Ticks).ToString("O", CultureInfo.InvariantCulture));
            if (e.Mark.Length > 0)
            {
                json.WriteString("mark", e.Mark);
            }
            if (values.Length > 0)
            {
                json.WriteStartObject("values");
                Array.ForEach(values, value => json.WriteNumber(value.Name, value.Value));
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(body.ToArray());
    }

    /// <summary>A label as the API and brokers' messages have it.</summary>
    public static string LabelJson(string stream, long ticks, string label) => new JsonObject
    {
        ["stream"] = stream,
        ["time"] = EventTime.ToDateTimeOffset(ticks).ToString("O", CultureInfo.InvariantCulture),
        ["label"] = label,
    }.ToJsonString();

    public static Task<AppendReceipt> AppendAsync(this IEventLog log, EventBatch batch, IdempotentRequest? request = null) =>
        log.AppendAsync(batch, request, CancellationToken.None);

    /// <summary>Every record of a partition.</summary>
    public static async Task<List<Read>> ReadAllAsync(this IEventLog log, int partition, int maximum = 1000, long after = 0)
    {
        var records = new List<Read>();
        var batch = new RecordBatch();
        await using ILogReader reader = log.OpenReader(partition, after);
        while (await reader.ReadAsync(batch, maximum, CancellationToken.None) > 0)
        {
            Assert.InRange(batch.Count, 1, maximum);
            records.AddRange(ReadAll(batch));
        }
        return records;
    }

    /// <summary>Every record of a batch.</summary>
    public static IEnumerable<Read> ReadAll(RecordBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            LogRecord r = batch[i];
            yield return new Read(batch.FirstSequence + i, batch.AppendTicks(i), r.Kind, r.TimeTicks,
                Encoding.UTF8.GetString(r.Key), Encoding.UTF8.GetString(r.Mark), Encoding.UTF8.GetString(r.Id))
            {
                Values = Values(r),
            };
        }
    }

    public static int PartitionOf(string stream, int partitions) =>
        EventHubsPartitioner.Partition(Encoding.UTF8.GetBytes(stream), partitions);

    /// <summary>A stream of a partition.</summary>
    public static string KeyOf(int partition, int partitions) =>
        Enumerable.Range(0, 10_000).Select(i => $"probe/{i}").First(key => PartitionOf(key, partitions) == partition);

    public static IdempotentRequest Key(string key, byte fingerprint = 1, string payload = "") =>
        new(key, Enumerable.Repeat(fingerprint, 32).ToArray(), Encoding.UTF8.GetBytes(payload));

    /// <summary>One record as it was read.</summary>
    public sealed record Read(long Sequence, long AppendTicks, LogRecordKind Kind, long TimeTicks, string Key, string Mark, string Id)
    {
        /// <summary>Its values (<see cref="EventSets.Values"/>).</summary>
        public string Values { get; init; } = "";
    }
}
