using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace Foretell.MockKafka;

/// <summary>librdkafka's own mock of a cluster, with one broker and one topic, in this process. Clients, also those of other processes,
/// speak Kafka's protocol with it over TCP.</summary>
/// <remarks>It holds about 5 MB of a partition and drops older messages. It keeps what a transaction wrote, aborted or not, writes no
/// markers of a transaction's end by itself, and answers no question for a time: whoever asks for one is sent to the end.</remarks>
public sealed class MockCluster : IDisposable
{
    private const int Producer = 0, Broker = 1;

    private readonly nint _client, _cluster;
    private readonly IProducer<byte[]?, byte[]?> _producer;

    public MockCluster(string topic = "events", int partitions = 3)
    {
        Topic = topic;
        nint configuration = NativeMock.NewConfiguration();
        byte[] error = new byte[512];
        // Its own log would go to the tests' standard error.
        NativeMock.Set(configuration, "log_level", "0", error, (nuint)error.Length);
        _client = NativeMock.NewClient(Producer, configuration, error, (nuint)error.Length);
        _cluster = _client != 0 ? NativeMock.NewCluster(_client, brokers: 1)
            : throw new InvalidOperationException(Encoding.UTF8.GetString(error).TrimEnd('\0'));
        Check(NativeMock.SetController(_cluster, Broker));
        Brokers = Marshal.PtrToStringUTF8(NativeMock.Bootstraps(_cluster))!;
        Create(partitions);
        var sending = new ProducerConfig { BootstrapServers = Brokers, LingerMs = 5, ReconnectBackoffMaxMs = 100 };
        _producer = new ProducerBuilder<byte[]?, byte[]?>(sending)
            .SetKeySerializer(Serializers.ByteArray).SetValueSerializer(Serializers.ByteArray).SetLogHandler((_, _) => { }).Build();
    }

    /// <summary>HOST:PORT of its broker.</summary>
    public string Brokers { get; }

    /// <summary>Name of its topic.</summary>
    public string Topic { get; }

    /// <summary>BROKERS/TOPIC, as an operator writes it.</summary>
    public string Address => $"{Brokers}/{Topic}";

    /// <summary>Sends messages to a partition, in order, and waits until the broker has them.</summary>
    public async Task SendMessagesAsync(int partition, IEnumerable<Message<byte[]?, byte[]?>> messages) =>
        await Task.WhenAll(messages.Select(m => _producer.ProduceAsync(new TopicPartition(Topic, partition), m)).ToArray());

    /// <summary>Sends bodies without key and headers.</summary>
    public Task SendAsync(int partition, params string[] bodies) =>
        SendMessagesAsync(partition, bodies.Select(b => new Message<byte[]?, byte[]?> { Value = Encoding.UTF8.GetBytes(b) }));

    /// <summary>Writes the marker of a transaction's end into a partition: an offset that no reader is given.</summary>
    public Task WriteMarkerAsync(int partition) => TransactionMarker.WriteAsync(Brokers, Topic, partition);

    /// <summary>Drops a partition's messages before an offset, as retention does.</summary>
    public void TrimBefore(int partition, long offset) => Check(NativeMock.DeleteRecords(_cluster, Topic, partition, offset));

    /// <summary>Deletes the topic and makes another one of the same name.</summary>
    public void Recreate(int partitions = 3)
    {
        Check(NativeMock.DeleteTopic(_cluster, Topic));
        Create(partitions);
    }

    /// <summary>Closes every connection. Clients may connect again at once.</summary>
    public void DropConnections()
    {
        Down();
        Up();
    }

    /// <summary>Closes every connection and takes no new ones.</summary>
    public void Down() => Check(NativeMock.SetDown(_cluster, Broker));

    /// <summary>Ends <see cref="Down"/>.</summary>
    public void Up() => Check(NativeMock.SetUp(_cluster, Broker));

    /// <summary>Answers the next requests of a kind with an error.</summary>
    /// <param name="request">Kafka's number of the kind (API key): 1 fetches, 2 asks for offsets, 10 looks for a group's coordinator.</param>
    /// <param name="error">Kafka's number of the error.</param>
    /// <param name="times">How many requests.</param>
    public void Refuse(short request, ErrorCode error, int times) =>
        NativeMock.PushErrors(_cluster, request, (nuint)times, [.. Enumerable.Repeat((int)error, times)]);

    /// <summary>Speaks an older version of a kind of request at most.</summary>
    /// <param name="request">Kafka's number of the kind: 3 asks for metadata.</param>
    /// <param name="version">The newest version.</param>
    public void Limit(short request, short version) => Check(NativeMock.SetVersions(_cluster, request, 0, version));

    /// <summary>Ends <see cref="Refuse"/>.</summary>
    public void Allow(short request) => NativeMock.ClearErrors(_cluster, request);

    public void Dispose()
    {
        _producer.Dispose();
        NativeMock.DestroyCluster(_cluster);
        NativeMock.DestroyClient(_client);
    }

    private void Create(int partitions) => Check(NativeMock.CreateTopic(_cluster, Topic, partitions, replicas: 1));

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new InvalidOperationException($"The mock cluster answered with error {error} ({(ErrorCode)error}).");
        }
    }
}
