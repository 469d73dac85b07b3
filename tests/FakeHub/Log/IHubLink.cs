namespace Foretell.FakeHub.Log;

/// <summary>A link of a client to a hub or a partition, that the broker can end.</summary>
internal interface IHubLink
{
    /// <summary>Ends the link with an error.</summary>
    void Detach(HubException why);
}
