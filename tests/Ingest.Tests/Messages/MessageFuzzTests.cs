using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Messages;

namespace Foretell.Ingest.Tests.Messages;

/// <summary>Hostile messages: whatever they hold, a decoder answers with events and rejections, and every record is whole.</summary>
public sealed class MessageFuzzTests
{
    private const int Seed = 20260203, Rounds = 12_000;

    private static readonly byte[][] s_bodies =
    [
        [.. """[{"stream":"a\u00e9","time":1700000000.25,"mark":"buy","id":"1"},{"stream":7,"time":"2026-01-31T12:00:00Z"}]"""u8],
        [.. "{\"stream\":\"a\",\"time\":1}\n{\"stream\":\"\\ud83d\\ude00\",\"time\":2e3,\"mark\":4}\n"u8],
        [.. """{"specversion":"1.0","id":"1","source":"/s","subject":"x","type":"t","time":"2026-01-31T12:00:00.5+01:00"}"""u8],
        [.. """{"device":{"id":"d-1","more":[[1],{"id":true}]},"ts":1700000000250,"type":"o\u0070en"}"""u8],
        [.. "[{\"device\":{\"id\":1e3},\n\"ts\":5},{\"device\":{\"id\":\"x\"}\n,\"ts\":\"1.5\",\"type\":null}]"u8],
    ];

    private static readonly byte[][] s_pieces =
    [
        [.. "\\ud800"u8], [.. "\\"u8], [.. "\""u8], [.. "{"u8], [.. "}"u8], [.. "["u8], [.. "]"u8], [.. ","u8], [.. ":"u8], [.. "}\n{"u8],
        [.. "1e999999999"u8], [.. "NaN"u8], [.. "-"u8], [.. "\n"u8], [.. "null"u8], [.. "\"stream\":"u8], [.. "\"ts\":"u8],
        [.. "\"\\u0074ime\":"u8], [.. "\"device\":{\"id\":"u8], [0xFF], [0xED, 0xA0, 0x80], [0xC3], [0x00], [0xEF, 0xBB, 0xBF],
    ];

    private static readonly string?[] s_types =
    [
        "", "application/json", "application/x-ndjson", "application/cloudevents+json", "application/cloudevents-batch+json",
        "text/csv", "application/json; charset=latin1", ";;;", "\ud800",
    ];

    private static readonly object?[] s_values =
    [
        null, "", "1.0", "x", "\ud800", "2026-01-31T12:00:00Z", 5, -1L, double.NaN, 1e300, decimal.MaxValue, true, Guid.Empty, TimeSpan.MinValue,
        DateTimeOffset.MaxValue, DateTime.MinValue, new Uri("urn:b"), new byte[] { 0xFF }, Array.Empty<byte>(), new byte[300], new int[2],
        new string('é', 200),
    ];

    private static readonly string[] s_names = ["cloudEvents:id", "cloudEvents_type", "CE_time", "ce_source", "cloudEvents:specversion",
        "message-id", "", "ce_", "cloudEvents:"];

    private static readonly MessageDecoder[] s_decoders =
    [
        new(), new(MessageMapping.Parse("stream=/device/id,time:ms=/ts,mark=/type,id=@property.message-id")),
        new(MessageMapping.Parse("stream=/stream,time=/time,mark=/mark,id=/0/id")),
        new(MessageMapping.Parse("stream=@property.message-id,time=@property.ce_time,mark=@partitionKey")),
        new(MessageMapping.Parse("stream=/device/more/1/id,time=@enqueuedTime,mark=/device/more/0/0,id=/")),
    ];

    // The decoder that each body is meant for, by its place.
    private static readonly int[] s_suited = [0, 0, 0, 1, 1];

    [Fact]
    public void Decode_WhenGoodMessagesAreMutated_NeverThrowsAndLeavesWholeRecords()
    {
        var random = new Random(Seed);
        var batch = new EventBatch();
        var rejections = new Rejections();
        int added = 0, refused = 0;
        for (int i = 0; i < Rounds; i++)
        {
            int seed = random.Next(s_bodies.Length);
            int decoder = random.Next(4) == 0 ? random.Next(s_decoders.Length) : s_suited[seed];
            BrokerMessage message = Mutated(s_bodies[seed], random);
            if (random.Next(50) == 0)
            {
                batch.Clear();
            }
            rejections.Truncate(0);
            int before = batch.Count;
            byte[] records = batch.Records.ToArray();
            try
            {
                s_decoders[decoder].Decode(message, batch, rejections);
            }
            catch (Exception thrown)
            {
                Assert.Fail($"{thrown.GetType().Name} in round {i} for '{Encoding.Latin1.GetString(message.Body.Span)}' as "
                    + $"'{message.ContentType}': {thrown.Message}");
            }
            Assert.True(batch.Records.StartsWith(records));
            if (rejections.First.Any(r => r.Index == MessageDecoder.WholeMessage))
            {
                Assert.Equal(1, rejections.Count);
                Assert.Equal(before, batch.Count);
            }
            Assert.All(rejections.First, r => Assert.NotEmpty(r.Reason));
            AssertWhole(batch);
            added += batch.Count - before;
            refused += rejections.Count;
        }
        // Both outcomes are common, or the mutations show little.
        Assert.True(added > Rounds / 5 && refused > Rounds / 5, $"{added} added, {refused} refused");
    }

    private static BrokerMessage Mutated(byte[] good, Random random)
    {
        List<byte> body = [.. good];
        for (int edits = random.Next(3); edits > 0; edits--)
        {
            int at = random.Next(body.Count + 1);
            switch (random.Next(4))
            {
                case 0:
                    body.InsertRange(at, s_pieces[random.Next(s_pieces.Length)]);
                    break;
                case 1:
                    body.RemoveRange(at, Math.Min(random.Next(8), body.Count - at));
                    break;
                case 2:
                    body.RemoveRange(at, random.Next(body.Count - at + 1));
                    break;
                default:
                    body.Insert(at, (byte)random.Next(256));
                    break;
            }
        }
        var properties = new Dictionary<string, object?>();
        for (int i = random.Next(3) == 0 ? random.Next(6) : 0; i > 0; i--)
        {
            properties[s_names[random.Next(s_names.Length)]] = s_values[random.Next(s_values.Length)];
        }
        return new BrokerMessage
        {
            Number = random.NextInt64(),
            EnqueuedTicks = random.Next(10) == 0 ? long.MinValue : DecodedMessage.EnqueuedTicks,
            PartitionKey = random.Next(2) == 0 ? "k" : null,
            ContentType = random.Next(3) == 0 ? s_types[random.Next(s_types.Length)] : null,
            Body = body.ToArray(),
            Properties = properties,
            Unreadable = random.Next(30) == 0 ? "The body is a sequence." : null,
        };
    }

    private static void AssertWhole(EventBatch batch)
    {
        ReadOnlySpan<byte> rest = batch.Records;
        for (int i = 0; i < batch.Count; i++)
        {
            var record = new LogRecord(rest);
            Assert.InRange(record.Key.Length, 1, EventBatch.MaxTextBytes);
            Assert.InRange(record.TimeTicks, EventTime.Min, EventTime.Max);
            Assert.True(System.Text.Unicode.Utf8.IsValid(record.Key) && System.Text.Unicode.Utf8.IsValid(record.Mark)
                && System.Text.Unicode.Utf8.IsValid(record.Id));
            rest = rest[record.Length..];
        }
        Assert.True(rest.IsEmpty);
    }
}
