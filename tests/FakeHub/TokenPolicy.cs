using Foretell.FakeHub.Links;

namespace Foretell.FakeHub;

/// <summary>Which tokens an endpoint takes. To begin with any, but a link without one is refused.</summary>
public sealed class TokenPolicy
{
    /// <summary>Name and key in the endpoint's connection strings; they are checked after <see cref="RequireKey"/> only.</summary>
    public const string DefaultKeyName = "RootManageSharedAccessKey", DefaultKey = "Zm9yZXRlbGwtdGVzdHMtb25seQ==";

    private readonly TimeProvider _clock;
    private readonly Changes _changes;
    private readonly Lock _gate = new();
    private readonly List<PutToken> _received = [];
    private (string Name, string Key)? _requiredKey;

    internal TokenPolicy(TimeProvider clock, Changes changes) => (_clock, _changes) = (clock, changes);

    /// <summary>Whether links need a token. True by default.</summary>
    public bool IsRequired { get; set; } = true;

    /// <summary>Whether every token is refused as unauthorised.</summary>
    public bool RefusesAll { get; set; }

    /// <summary>How long a token holds at most, whatever it says itself; null leaves it to the token.</summary>
    /// <remarks>When a token has expired and no other came, its links are detached as unauthorised.</remarks>
    public TimeSpan? Lifetime { get; set; }

    /// <summary>Host that tokens must be for, such as "myns.servicebus.windows.net"; null takes any.</summary>
    public string? RequiredHost { get; set; }

    /// <summary>Type that tokens must have: "jwt" or "servicebus.windows.net:sastoken"; null takes any.</summary>
    public string? RequiredType { get; set; }

    /// <summary>Every token that was put, in order.</summary>
    public IReadOnlyList<PutToken> Received
    {
        get
        {
            lock (_gate)
            {
                return [.. _received];
            }
        }
    }

    /// <summary>Takes shared access signatures of this key only.</summary>
    /// <param name="name">Name of the rule that the key belongs to.</param>
    /// <param name="key">The key, as a connection string holds it.</param>
    public void RequireKey(string name, string key) => _requiredKey = (name, key);

    /// <summary>Takes a token, or refuses it.</summary>
    /// <param name="audience">Address that it is for.</param>
    /// <returns>When it expires.</returns>
    /// <exception cref="HubException">It is refused.</exception>
    internal DateTimeOffset Accept(string? type, string? audience, string? token)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        DateTimeOffset expiry = TokenExpiry.Read(token) ?? DateTimeOffset.MaxValue;
        if (Lifetime is { } lifetime && now + lifetime < expiry)
        {
            expiry = now + lifetime;
        }
        string? refusal = Refusal(type, audience, token, now, expiry);
        lock (_gate)
        {
            _received.Add(new PutToken(type ?? "", audience ?? "", expiry, refusal));
        }
        _changes.Tell();
        return refusal is null ? expiry : throw new HubException(HubConditions.UnauthorizedAccess, refusal);
    }

    /// <summary>Takes the token of a single request, or refuses it. Its type and audience are not told.</summary>
    /// <exception cref="HubException">It is refused.</exception>
    internal void CheckRequest(string? token)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        string? refusal = token is null
            ? "Unauthorized access. The request carries no token."
            : Refusal(RequiredType, $"sb://{RequiredHost}", token, now, TokenExpiry.Read(token) ?? DateTimeOffset.MaxValue);
        if (refusal is not null)
        {
            throw new HubException(HubConditions.UnauthorizedAccess, refusal);
        }
    }

    private string? Refusal(string? type, string? audience, string? token, DateTimeOffset now, DateTimeOffset expiry)
    {
        if (RefusesAll)
        {
            return "Unauthorized access. The token was refused.";
        }
        if (expiry <= now)
        {
            return $"ExpiredToken: The token expired at {expiry:u}, and it is {now:u}.";
        }
        if (RequiredType is { } wanted && !wanted.Equals(type, StringComparison.OrdinalIgnoreCase))
        {
            return $"InvalidType: Expected a token of type '{wanted}', got '{type}'.";
        }
        if (RequiredHost is { } host
            && !(Uri.TryCreate(audience, UriKind.Absolute, out Uri? uri) && uri.Host.Equals(host, StringComparison.OrdinalIgnoreCase)))
        {
            return $"InvalidAudience: Expected a token for '{host}', got one for '{audience}'.";
        }
        return _requiredKey is { } key && !SharedAccessSignature.IsOf(token ?? "", key.Name, key.Key)
            ? "InvalidSignature: The token has an invalid signature."
            : null;
    }
}
