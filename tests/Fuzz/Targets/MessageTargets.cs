using System.Text;
using Foretell.Engine.Events;
using Foretell.Fuzz.Running;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Messages;

namespace Foretell.Fuzz.Targets;

/// <summary>Messages of brokers, with and without a mapping. A decoder of messages throws nothing at all.</summary>
internal static class MessageTargets
{
    private static readonly string[] s_words =
    [
        "\0", "\u0001", "application/json", "application/x-ndjson", "application/cloudevents+json", "application/cloudevents-batch+json; charset=utf-8", "text/csv",
        "cloudEvents:specversion", "cloudEvents_id", "ce_source", "ce_type", "ce_time", "ce_subject", "1.0", "{\"device\":{\"id\":\"a\"},\"ts\":1}", "/device/id",
        "message-id", "\"stream\":", "\"time\":", "\"values\":{\"a\":1}", "\"label\":\"x\"", "foretell.label", "2026-01-31T12:00:00Z", "[", "]", "\n",
    ];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        Message("message", null),
        Message("message-mapped", "stream=/device/id,time:ms=/ts,mark=/type,id=@property.message-id"),
        Message("message-values", "stream=@partitionKey,values.amount=/device/id,values.kind=@property.kind,label=/type"),
        Message("message-beside", "stream=@partitionKey,time=@enqueuedTime,mark=@property.kind"),
    ];

    private static FuzzTarget Message(string name, string? mapping)
    {
        MessageMapping? parsed = mapping is null ? null : MessageMapping.Parse(mapping);
        return new FuzzTarget(name, input => Decode(parsed, input))
        {
            Seeds =
            [
                Encoding.UTF8.GetBytes("application/json\0key\0\0{\"stream\":\"a\",\"time\":1,\"device\":{\"id\":\"d\"},\"ts\":1769860800000,\"type\":4}"),
                Encoding.UTF8.GetBytes("\0key\0message-id\u0001m-1\u0002kind\u0001x\0[{\"device\":{\"id\":\"d\"},\"ts\":1}]"),
                Encoding.UTF8.GetBytes("text/plain\0\0cloudEvents:specversion\u00011.0\u0002cloudEvents:id\u00011\u0002cloudEvents:source\u0001s\u0002cloudEvents:type\u0001t\0x"),
            ],
            Words = s_words,
            MostBytes = 8192,
            // As for bodies of lines: each that is no JSON comes with an exception, and mapped places make its sentence longer.
            BytesPerByte = 320,
        };
    }

    /// <summary>Content type, partition key and properties (name and value by U+0001, properties by U+0002), each ended by U+0000; then
    /// the body.</summary>
    private static void Decode(MessageMapping? mapping, byte[] input)
    {
        string[] heads = ["", "", ""];
        ReadOnlySpan<byte> rest = input;
        for (int i = 0; i < heads.Length && rest.IndexOf((byte)0) is >= 0 and var end; i++)
        {
            heads[i] = Encoding.UTF8.GetString(rest[..end]);
            rest = rest[(end + 1)..];
        }
        var properties = new Dictionary<string, object?>();
        foreach (string property in heads[2].Split('\u0002').Take(50))
        {
            string[] parts = property.Split('\u0001', 2);
            // What senders of either broker can write: texts, bytes, numbers, times, nothing.
            properties[parts[0]] = parts.Length == 1 ? null : (parts[1].Length % 6) switch
            {
                0 => Encoding.UTF8.GetBytes(parts[1]),
                1 => double.TryParse(parts[1], out double number) ? number : parts[1],
                2 => long.TryParse(parts[1], out long whole) ? whole : parts[1],
                3 => DateTime.TryParse(parts[1], out DateTime time) ? time : parts[1],
                4 => new object(),
                _ => parts[1],
            };
        }
        var message = new BrokerMessage
        {
            Number = 1,
            EnqueuedTicks = 1_700_000_000L * EventTime.PerSecond,
            ContentType = heads[0].Length == 0 ? null : heads[0],
            PartitionKey = heads[1].Length == 0 ? null : heads[1],
            Properties = properties,
            Body = rest.ToArray(),
        };
        var batch = new EventBatch();
        var rejections = new Rejections();
        new MessageDecoder(mapping).Decode(message, batch, rejections);
        BodyTargets.Look(batch, rejections, input.Length);
    }
}
