using System.Text;
using Foretell.Engine.Events;
using Foretell.Ingest.Decoding;
using Foretell.Ingest.Messages;
using Foretell.Ingest.Tests.Decoding;

namespace Foretell.Ingest.Tests.Messages;

/// <summary>What a decoder made of a message, in a form that asserts can compare. Each message comes behind another's event and
/// rejection, which must stay as they were.</summary>
internal sealed record DecodedMessage(IReadOnlyList<DecodedRow> Events, IReadOnlyList<Rejection> Rejections)
{
    /// <summary>When the broker took each message.</summary>
    public const long EnqueuedTicks = 17_000_000_000_000_000;

    /// <summary>The reason of a message that is refused as a whole.</summary>
    public string Refusal
    {
        get
        {
            Assert.Empty(Events);
            Rejection one = Assert.Single(Rejections);
            Assert.Equal(MessageDecoder.WholeMessage, one.Index);
            return one.Reason;
        }
    }

    public DecodedRow Event
    {
        get
        {
            Assert.Empty(Rejections);
            return Assert.Single(Events);
        }
    }

    public static DecodedMessage From(string body, string? contentType = null, string? mapping = null, string? key = null,
        params (string Name, object? Value)[] properties) =>
        From(Message(body, contentType, key, properties), mapping);

    public static DecodedMessage From(BrokerMessage message, string? mapping = null) =>
        From(message, new MessageDecoder(mapping is null ? null : MessageMapping.Parse(mapping)));

    public static DecodedMessage From(BrokerMessage message, MessageDecoder decoder)
    {
        var batch = new EventBatch();
        batch.TryAdd("before"u8, 1, default, default);
        byte[] before = batch.Records.ToArray();
        var rejections = new Rejections();
        rejections.Add(3, "before");
        Rejection first = rejections.First[0];

        decoder.Decode(message, batch, rejections);

        Assert.Equal(before, batch[0].ToArray());
        Assert.Same(first, rejections.First[0]);
        DecodedRow[] rows = [.. Enumerable.Range(1, batch.Count - 1).Select(i => DecodedRow.From(batch[i]))];
        Assert.Equal(batch.Records.Length, Enumerable.Range(0, batch.Count).Sum(i => new LogRecord(batch[i]).Length));
        return new DecodedMessage(rows, [.. rejections.First.Skip(1)]);
    }

    public static BrokerMessage Message(string body, string? contentType = null, string? key = null,
        params (string Name, object? Value)[] properties) => new()
        {
            Number = 7,
            EnqueuedTicks = EnqueuedTicks,
            PartitionKey = key,
            ContentType = contentType,
            Body = Encoding.UTF8.GetBytes(body),
            Properties = properties.Length == 0 ? null : properties.ToDictionary(p => p.Name, p => p.Value),
        };
}
