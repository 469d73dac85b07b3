using Foretell.FakeHub.Wire;

namespace Foretell.FakeHub.Tests.Wire;

public sealed class SentMessageTests
{
    [Fact]
    public void Write_WhenReadBack_HasTheBrokersAnnotationsAndTheSendersMessage()
    {
        byte[] encoded = MessageCodec.Encode(new HubMessage("body") { ContentType = "text/plain" });
        var writer = new AmqpWriter();

        new SentMessage(encoded).Write(writer, 7, "700", 1_000, "key");

        byte[] stored = writer.Written.ToArray();
        (HubMessage message, string? key) = MessageCodec.Decode(stored);
        Assert.Equal(("body", "text/plain", "key"), (message.Text, message.ContentType, key));
    }

    [Fact]
    public void Write_WhenTheSenderClaimsTheBrokersAnnotations_ReplacesThem()
    {
        var first = new AmqpWriter();
        new SentMessage(MessageCodec.Encode(new HubMessage("body"))).Write(first, 1, "1", 1, "key");
        var second = new AmqpWriter();

        new SentMessage(first.Written).Write(second, 2, "2", 2, "key");

        Assert.Equal(first.Written.Length, second.Written.Length);
    }

    [Theory]
    [InlineData(new byte[] { 1 })]
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { 0, 0x53 })]
    [InlineData(new byte[] { 0, 0x53, 0x72, 0xd1, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0x53, 0x72, 0xd1, 0xff, 0xff, 0xff, 0xff })]
    [InlineData(new byte[] { 0, 0xa3, 1, 65, 0x40 })]
    [InlineData(new byte[] { 0, 0x53, 0x72, 0xc1, 3, 2, 0xa3, 9 })]
    [InlineData(new byte[] { 0, 0x53, 0x72, 0x40 })]
    public void Constructor_WhenTheBytesAreNoMessage_Throws(byte[] bytes) =>
        Assert.Throws<FormatException>(() => new SentMessage(bytes).PartitionKey);
}
