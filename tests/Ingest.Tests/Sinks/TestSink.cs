using System.Collections.Concurrent;
using Foretell.Engine.Log;
using Foretell.Ingest.Sinks;

namespace Foretell.Ingest.Tests.Sinks;

/// <summary>A sink whose broker does what a test says.</summary>
internal sealed class TestSink(string name) : IMessageSink, IMessagePublisher
{
    private readonly ConcurrentQueue<SinkMessage> _published = new();

    public string Name => name;

    public string Description => $"broker '{name}'";

    /// <summary>What the broker does with a batch before it acknowledges it.</summary>
    public Func<IReadOnlyList<SinkMessage>, CancellationToken, Task<IReadOnlyList<RefusedMessage>>> OnPublish { get; set; } =
        (_, _) => Task.FromResult<IReadOnlyList<RefusedMessage>>([]);

    /// <summary>Calls so far.</summary>
    public SequenceSignal Calls { get; } = new();

    /// <summary>Messages acknowledged so far.</summary>
    public SequenceSignal Acknowledged { get; } = new();

    /// <summary>Ids of the messages that the broker has stored, repeats too.</summary>
    public IReadOnlyList<string> Ids => [.. _published.Select(m => m.Id)];

    public IMessagePublisher Open() => this;

    public async Task<IReadOnlyList<RefusedMessage>> PublishAsync(IReadOnlyList<SinkMessage> messages, CancellationToken cancellationToken)
    {
        SinkMessage[] batch = [.. messages];
        Calls.Publish(Calls.Value + 1);
        IReadOnlyList<RefusedMessage> refused = await OnPublish(batch, cancellationToken);
        Store(batch.Except(refused.Select(r => r.Message)));
        Acknowledged.Publish(_published.Count);
        return refused;
    }

    /// <summary>Stores messages as a broker does whose acknowledgement is lost.</summary>
    public void Store(IEnumerable<SinkMessage> messages)
    {
        foreach (SinkMessage message in messages)
        {
            _published.Enqueue(message);
        }
    }

    public ValueTask DisposeAsync() => default;
}
