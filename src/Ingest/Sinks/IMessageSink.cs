namespace Foretell.Ingest.Sinks;

/// <summary>A broker's hub or topic that the platform publishes to. Safe to use from several threads.</summary>
public interface IMessageSink : IAsyncDisposable
{
    /// <summary>Name by which the log knows the sink; must not change.</summary>
    string Name { get; }

    /// <summary>The broker and hub in words, for messages; no secrets.</summary>
    string Description { get; }

    /// <summary>Opens a publisher; it connects when it is needed.</summary>
    IMessagePublisher Open();
}

/// <summary>Publishes messages. Used by one caller at a time.</summary>
public interface IMessagePublisher : IAsyncDisposable
{
    /// <summary>Publishes messages, those of one key in their order, and completes once the broker has acknowledged all of them.</summary>
    /// <param name="messages">Messages, no id twice.</param>
    /// <param name="cancellationToken">Gives up; some may be published all the same.</param>
    /// <returns>Those that the broker will never take, with the reason; the others are acknowledged.</returns>
    /// <exception cref="SinkException">Some were not acknowledged, and may be published all the same: publish all of them again.</exception>
    Task<IReadOnlyList<RefusedMessage>> PublishAsync(IReadOnlyList<SinkMessage> messages, CancellationToken cancellationToken);
}

/// <summary>A message to publish.</summary>
/// <param name="Id">Names it for ever: the same message published again has the same.</param>
/// <param name="Key">Messages of one key go to one partition.</param>
/// <param name="ContentType">Media type of the body.</param>
/// <param name="Body">The body.</param>
public sealed record SinkMessage(string Id, string Key, string ContentType, ReadOnlyMemory<byte> Body);

/// <summary>A message that a broker will never take.</summary>
/// <param name="Message">The message.</param>
/// <param name="Reason">Why, one sentence.</param>
public sealed record RefusedMessage(SinkMessage Message, string Reason);
