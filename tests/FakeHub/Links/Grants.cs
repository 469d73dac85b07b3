using Foretell.FakeHub.Log;

namespace Foretell.FakeHub.Links;

/// <summary>What the tokens put on one connection allow, and until when.</summary>
internal sealed class Grants : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly Dictionary<LinkAddress, DateTimeOffset> _granted = [];
    private readonly Dictionary<IHubLink, LinkAddress> _links = [];
    private readonly ITimer _timer;

    public Grants(TimeProvider clock)
    {
        _clock = clock;
        _timer = clock.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    public void Add(LinkAddress address, DateTimeOffset expiry)
    {
        lock (_gate)
        {
            _granted[address] = expiry;
            SetTimer(_clock.GetUtcNow());
        }
    }

    /// <summary>Lets a link live as long as a token covers its address.</summary>
    /// <exception cref="HubException">No token does now.</exception>
    public void Watch(IHubLink link, LinkAddress address)
    {
        lock (_gate)
        {
            if (!Allow(address, _clock.GetUtcNow()))
            {
                throw new HubException(HubConditions.UnauthorizedAccess, $"Unauthorized access. No token was put for '{address.Path}'.");
            }
            _links[link] = address;
        }
    }

    public void Leave(IHubLink link)
    {
        lock (_gate)
        {
            _links.Remove(link);
        }
    }

    private void Expire()
    {
        IHubLink[] over;
        lock (_gate)
        {
            DateTimeOffset now = _clock.GetUtcNow();
            over = [.. _links.Where(link => !Allow(link.Value, now)).Select(link => link.Key)];
            SetTimer(now);
        }
        foreach (IHubLink link in over)
        {
            link.Detach(new HubException(HubConditions.UnauthorizedAccess,
                "ExpiredToken: The token that this link was opened with has expired, and no other was put."));
        }
    }

    private bool Allow(LinkAddress address, DateTimeOffset now) =>
        _granted.Any(grant => grant.Value > now && grant.Key.Covers(address));

    private void SetTimer(DateTimeOffset now)
    {
        DateTimeOffset next = _granted.Values.Where(expiry => expiry > now).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
        // A timer takes 49 days at most; no connection of a test lasts so long.
        _timer.Change(next - now < TimeSpan.FromDays(40) ? next - now : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
