namespace Foretell.FakeHub;

/// <summary>One attempt of a receiver to attach to a partition.</summary>
/// <param name="ConsumerGroup">Its consumer group, as the client wrote it.</param>
/// <param name="Selector">The filter that says where to begin, such as "amqp.annotation.x-opt-sequence-number > '41'"; null without.</param>
/// <param name="OwnerLevel">Its owner level (epoch), or null.</param>
/// <param name="Receiver">The name that it gives itself.</param>
/// <param name="Refusal">Condition that it was refused with; null if it was let in.</param>
public sealed record ReceiverAttachment(string ConsumerGroup, string? Selector, long? OwnerLevel, string Receiver, string? Refusal);
