using System.Text;
using Confluent.Kafka;
using Foretell.Engine.Events;
using Foretell.Ingest.Messages;

namespace Foretell.Ingest.Kafka.Tests;

public sealed class KafkaMessageTests
{
    [Theory]
    [InlineData(1_700_000_000_123, 1_700_000_000_123)]
    [InlineData(-1, -1)]
    [InlineData(long.MaxValue, 253_402_300_799_999)]
    [InlineData(long.MinValue, -62_135_596_800_000)]
    public void Of_WhateverTheTimestamp_GivesATimeOfTheCalendar(long unixMilliseconds, long expected)
    {
        BrokerMessage message = KafkaMessage.Of(0,
            new() { Value = [], Timestamp = new Timestamp(unixMilliseconds, TimestampType.CreateTime) });

        Assert.Equal(expected, EventTime.ToDateTimeOffset(message.EnqueuedTicks).ToUnixTimeMilliseconds());
    }

    [Theory]
    [InlineData("device-é", "6465766963652DC3A9")]
    [InlineData("", "")]
    [InlineData(null, "FF")]
    [InlineData(null, "0000002A")]
    [InlineData(null, null)]
    public void Of_AKey_TakesItWhereItIsText(string? expected, string? bytes)
    {
        BrokerMessage message = KafkaMessage.Of(0, new() { Value = [1], Key = bytes is null ? null : Convert.FromHexString(bytes) });

        Assert.Equal(expected, message.PartitionKey);
        Assert.Null(message.Unreadable);
        Assert.Null(message.Properties);
    }

    [Fact]
    public void Of_HeadersOfOneName_TakesTheLast()
    {
        var headers = new Headers
        {
            { "kind", "a"u8.ToArray() },
            { "Content-Type", "text/csv"u8.ToArray() },
            { "kind", "b"u8.ToArray() },
            { "none", null },
        };

        BrokerMessage message = KafkaMessage.Of(7, new() { Value = [], Headers = headers });

        Assert.Equal("b", Encoding.UTF8.GetString((byte[])message.Properties!["kind"]!));
        Assert.Null(message.Properties["none"]);
        Assert.Equal("text/csv", message.ContentType);
        Assert.Equal(7, message.Number);
    }

    [Fact]
    public void Of_ATombstone_IsUnreadableOnlyWhereItsBodyIsNeeded()
    {
        BrokerMessage message = KafkaMessage.Of(0,
            new() { Key = "device"u8.ToArray(), Timestamp = new Timestamp(1_700_000_000_000, TimestampType.CreateTime) });
        var batch = new EventBatch();
        var rejections = new Ingest.Decoding.Rejections();

        new MessageDecoder(MessageMapping.Parse("stream=@partitionKey")).Decode(message, batch, rejections);
        Assert.Equal((1, 0), (batch.Count, rejections.Count));

        new MessageDecoder().Decode(message, batch, rejections);
        Assert.Contains("tombstone", Assert.Single(rejections.First).Reason);
    }
}
