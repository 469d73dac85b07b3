using Azure.Core.Amqp;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Consumer;

namespace Foretell.FakeHub.Tests;

/// <summary>What is in an event comes through unchanged: from the SDK into the hub, and from a test to the SDK.</summary>
public sealed class ContentTests : IAsyncLifetime
{
    private static readonly Dictionary<string, object?> s_properties = new()
    {
        ["string"] = "ключ-é", ["int"] = 7, ["long"] = 1L << 40, ["double"] = 0.1, ["bool"] = true,
        ["guid"] = new Guid("00112233-4455-6677-8899-aabbccddeeff"), ["decimal"] = 1.5m, ["bytes"] = new byte[] { 1, 2, 255 },
        ["time"] = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1), ["span"] = TimeSpan.FromTicks(12345),
        ["uri"] = new Uri("https://example.org/a"), ["cloudEvents:specversion"] = "1.0",
    };

    private readonly TestEndpoint _endpoint = new();

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Event_WhenSent_IsStoredWithAllItHolds(int count)
    {
        await _endpoint.Producer().SendAsync(Enumerable.Range(0, count).Select(_ =>
        {
            var sent = new EventData("body") { ContentType = "application/json", MessageId = "m1", CorrelationId = "c1" };
            foreach ((string name, object? value) in s_properties)
            {
                sent.Properties[name] = value;
            }
            return sent;
        }), TestEndpoint.To(0));

        HubMessage stored = _endpoint[0].Events()[^1].Message;
        Assert.Equal(("body", "application/json", "m1", "c1"),
            (stored.Text, stored.ContentType, stored.MessageId, stored.CorrelationId));
        Assert.Equal(s_properties, stored.Properties);
    }

    [Fact]
    public async Task Event_WhenAppendedDirectly_IsReceivedWithAllItHolds()
    {
        _endpoint[0].Append(new HubMessage("body")
        {
            ContentType = "application/json", MessageId = "m1", CorrelationId = "c1", Subject = "s", Properties = s_properties,
        }, "key-1");

        EventData received = await FirstAsync();

        Assert.Equal(("body", "application/json", "m1", "c1", "key-1"),
            (received.EventBody.ToString(), received.ContentType, received.MessageId, received.CorrelationId, received.PartitionKey));
        Assert.Equal(s_properties!, received.Properties);
        Assert.Equal((0, "0"), (received.SequenceNumber, received.OffsetString));
        Assert.Equal(_endpoint[0].Events()[0].EnqueuedTime, received.EnqueuedTime);
    }

    [Fact]
    public async Task Event_WhenItsBodyIsAValue_ComesThroughBothWays()
    {
        await _endpoint.Producer().SendAsync([new EventData(new AmqpAnnotatedMessage(AmqpMessageBody.FromValue("text")))],
            TestEndpoint.To(0));
        Assert.Equal("text", _endpoint[0].Events()[0].Message.Value);
        _endpoint[1].Append(new HubMessage { Value = 42L });

        EventData received = await FirstAsync(1);

        Assert.True(received.GetRawAmqpMessage().Body.TryGetValue(out object? value));
        Assert.Equal(42L, value);
    }

    [Fact]
    public async Task Event_WhenItsBodyIsASequence_ComesThroughBothWays()
    {
        await _endpoint.Producer().SendAsync(
            [new EventData(new AmqpAnnotatedMessage(AmqpMessageBody.FromSequence([["a", 1]])))], TestEndpoint.To(0));
        Assert.Equal(["a", 1], _endpoint[0].Events()[0].Message.Sequence);
        _endpoint[1].Append(new HubMessage { Sequence = ["b", 2] });

        EventData received = await FirstAsync(1);

        Assert.True(received.GetRawAmqpMessage().Body.TryGetSequence(out IEnumerable<IList<object>>? sequence));
        Assert.Equal(["b", 2], Assert.Single(sequence!));
    }

    [Fact]
    public async Task Event_WhenItsBodyIsEmpty_KeepsItsNumber()
    {
        await _endpoint.Producer().SendAsync([new EventData(""), new EventData("")], TestEndpoint.To(0));

        List<EventData> received = await TestEndpoint.ReceiveAsync(_endpoint.Receiver(EventPosition.Earliest), 2);

        Assert.Equal([0, 1], received.Select(e => e.SequenceNumber));
        Assert.All(received, e => Assert.Empty(e.EventBody.ToArray()));
    }

    [Fact]
    public async Task Event_WhenLargerThanAFrame_ComesThroughWhole()
    {
        byte[] body = new byte[300_000];
        new Random(1).NextBytes(body);
        await _endpoint.Producer().SendAsync([new EventData(body)], TestEndpoint.To(0));

        EventData received = await FirstAsync();

        Assert.Equal(body, received.EventBody.ToArray());
    }

    private async Task<EventData> FirstAsync(int partition = 0) =>
        (await TestEndpoint.ReceiveAsync(_endpoint.Receiver(EventPosition.Earliest, partition), 1))[0];
}
