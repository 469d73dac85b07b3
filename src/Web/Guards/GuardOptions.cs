namespace Foretell.Web.Guards;

/// <summary>Who may use the API, and how much of it.</summary>
public sealed record GuardOptions
{
    /// <summary>File with API keys (<see cref="KeyFile"/>); null for none. While it is missing, and <see cref="Jwt"/> is null, nobody
    /// needs a key; once it was there, everybody does.</summary>
    public string? KeysFile { get; init; }

    /// <summary>Tokens of an identity provider that are taken as well; null for none.</summary>
    public JwtSettings? Jwt { get; init; }

    /// <summary>Most events a second of one tenant, or of one client that belongs to none, where its key does not say another number;
    /// null for no limit.</summary>
    public double? EventsPerSecond { get; init; }

    /// <summary>Most requests a second of one client; null for no limit.</summary>
    public double? RequestsPerSecond { get; init; }
}

/// <summary>JSON Web Tokens (RFC 7519) that are taken in place of API keys.</summary>
public sealed record JwtSettings
{
    /// <summary>Address of an OpenID Connect provider, which publishes its keys and its name there; null where <see cref="KeysFile"/> has
    /// them.</summary>
    public string? Authority { get; init; }

    /// <summary>File with the provider's public keys, as a JSON Web Key Set (RFC 7517), read again when it changes; null where
    /// <see cref="Authority"/> publishes them.</summary>
    public string? KeysFile { get; init; }

    /// <summary>Who must have issued a token; null for whom the authority names.</summary>
    public string? Issuer { get; init; }

    /// <summary>For whom a token must be made out.</summary>
    public required string Audience { get; init; }

    /// <summary>Claim that names a token's tenant; a token without it is refused, and * in it stands for all streams. Null where tokens
    /// have no tenants: each is for all streams.</summary>
    public string? TenantClaim { get; init; }

    /// <summary>What is missing, as a sentence that begins with the name of a setting's purpose; null where nothing is.</summary>
    public string? Refuse() =>
        Authority is null && KeysFile is null ? "tokens need the provider's keys: name its address, or a file with them."
        : Authority is not null && KeysFile is not null ? "tokens have the provider's keys from its address or from a file: name one of them."
        : Authority is not null && (!Uri.TryCreate(Authority, UriKind.Absolute, out Uri? uri) || uri.Scheme != Uri.UriSchemeHttps)
            ? $"the provider's address must be https, got '{Authority}': whoever answers there decides who may do what."
        : KeysFile is not null && Issuer is null ? "tokens whose keys are in a file need the name of their issuer, too."
        : null;
}
