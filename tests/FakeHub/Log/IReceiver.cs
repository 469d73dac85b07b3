namespace Foretell.FakeHub.Log;

/// <summary>A link that reads a partition.</summary>
internal interface IReceiver : IHubLink
{
    string ConsumerGroup { get; }

    long? OwnerLevel { get; }

    /// <summary>The name that the client gave it.</summary>
    string Name { get; }

    /// <summary>There may be something to send. Returns at once.</summary>
    void Wake();
}
