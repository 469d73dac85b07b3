using System.Collections.Concurrent;

namespace Foretell.FakeHub.Log;

/// <summary>Links that send to one hub or partition.</summary>
internal sealed class LinkSet
{
    private readonly ConcurrentDictionary<IHubLink, bool> _links = new();

    public int Count => _links.Count;

    public void Add(IHubLink link) => _links[link] = true;

    public void Remove(IHubLink link) => _links.TryRemove(link, out _);

    public void Detach(HubException why)
    {
        foreach (IHubLink link in _links.Keys)
        {
            link.Detach(why);
        }
    }
}
