namespace Foretell.FakeHub.Log;

/// <summary>A link of a client to a hub or a partition, that the broker can end.</summary>
internal interface IHubLink
{
    /// <summary>Ends the link with an error.</summary>
    void Detach(HubException why);
}

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
