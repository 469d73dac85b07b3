using System.Text;
using Confluent.Kafka;
using Foretell.Ingest.Sources;
using Foretell.MockKafka;
using Foretell.Sources.Contract;

namespace Foretell.Ingest.Kafka.Tests;

/// <summary>The contract of sources, held by librdkafka against its own mock cluster.</summary>
public sealed class KafkaSourceContractTests : SourceContract, IDisposable
{
    private readonly MockCluster _kafka = new(SourceName, Partitions);

    // The mock answers no question for a time, and Kafka knows no owner levels.
    protected override SourceCapabilities Capabilities => SourceCapabilities.None;

    public void Dispose() => _kafka.Dispose();

    protected override IMessageSource Open() => new KafkaSource(SourceName, KafkaAddress.Parse(_kafka.Address), new KafkaOptions());

    protected override IMessageSource OpenUnknown() =>
        new KafkaSource(SourceName, KafkaAddress.Parse($"{_kafka.Brokers}/no-such-topic"), new KafkaOptions());

    protected override IMessageSource OpenUnreachable()
    {
        var gone = new MockCluster();
        var address = KafkaAddress.Parse(gone.Address);
        gone.Dispose();
        return new KafkaSource(SourceName, address, new KafkaOptions { RequestTimeout = TimeSpan.FromSeconds(2) });
    }

    protected override Task SendAsync(int partition, params SentMessage[] messages) =>
        _kafka.SendMessagesAsync(partition, messages.Select(m =>
        {
            var headers = new Headers();
            foreach ((string name, string value) in m.Properties ?? new Dictionary<string, string>())
            {
                headers.Add(name, Encoding.UTF8.GetBytes(value));
            }
            if (m.ContentType is not null)
            {
                headers.Add("content-type", Encoding.UTF8.GetBytes(m.ContentType));
            }
            return new Message<byte[]?, byte[]?>
            {
                Key = m.Key is null ? null : Encoding.UTF8.GetBytes(m.Key),
                Value = Encoding.UTF8.GetBytes(m.Body),
                Headers = headers,
            };
        }));

    protected override void DropConnections() => _kafka.DropConnections();

    protected override void TrimBefore(int partition, long number) => _kafka.TrimBefore(partition, number);

    protected override void Recreate() => _kafka.Recreate(Partitions);
}
