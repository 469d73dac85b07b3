using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Foretell.Web.Guards;

/// <summary>An API key as it is kept: everything but its secret, of which only the SHA-256 is there.</summary>
/// <remarks>
/// The text that a client sends is <c>fk_ID_SECRET</c>: 12 hexadecimal digits that find the key, and 256 random bits in base64url. A
/// secret of that size cannot be guessed from its hash however fast the hash is, so the slow ones that passwords need would only give
/// attackers something to spend the host's processors on.
/// </remarks>
public sealed record ApiKey
{
    /// <summary>How every key begins, so that scanners for leaked secrets find one.</summary>
    public const string Mark = "fk_";

    private const int IdLength = 12, SecretBytes = 32, SecretLength = 43;

    /// <summary>Names the key; no secret.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the secret's text, hexadecimal.</summary>
    public required string Hash { get; init; }

    /// <summary>What it allows (<see cref="Scope"/>).</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Prefix of the streams that it is for; null for all.</summary>
    public string? Tenant { get; init; }

    /// <summary>Most events a second; null for what the host allows its tenant.</summary>
    public double? EventsPerSecond { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it ends by itself; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When it was revoked; null while it holds.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>Whose streams it is for.</summary>
    [JsonIgnore]
    public Tenant Owner => new(Tenant);

    /// <summary>Whether it holds at a time.</summary>
    public bool IsValid(DateTimeOffset now) => Revoked is null && !(Expires <= now);

    /// <summary>A key with a new secret.</summary>
    /// <param name="kept">The key; its id and hash are set here.</param>
    /// <param name="text">What the client sends, which is nowhere else.</param>
    public static ApiKey Create(ApiKey kept, out string text)
    {
        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength / 2));
        string secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        text = $"{Mark}{id}_{secret}";
        return kept with { Id = id, Hash = Convert.ToHexStringLower(HashOf(secret)) };
    }

    /// <summary>Takes what a client sent apart.</summary>
    /// <returns>False where it has not the form of a key.</returns>
    public static bool TryParse(string text, out string id, out string secret)
    {
        bool isKey = text.Length == Mark.Length + IdLength + 1 + SecretLength && text.StartsWith(Mark, StringComparison.Ordinal)
            && text[Mark.Length + IdLength] == '_';
        (id, secret) = isKey ? (text[Mark.Length..][..IdLength], text[^SecretLength..]) : ("", "");
        return isKey;
    }

    /// <summary>Whether a secret is this key's; takes the same time whatever is wrong with it.</summary>
    public bool Has(string secret) => CryptographicOperations.FixedTimeEquals(Convert.FromHexString(Hash), HashOf(secret));

    /// <summary>Says what is wrong with a key that was read; null where nothing is.</summary>
    public string? Refuse() =>
        Id is not { Length: IdLength } || !Id.All(char.IsAsciiHexDigitLower) ? $"'id' must be {IdLength} hexadecimal digits"
        : Hash is not { Length: 64 } || !Hash.All(char.IsAsciiHexDigitLower) ? "'hash' must be 64 hexadecimal digits"
        : Scopes is not { Count: > 0 } || Scopes.Except(Scope.All).Any() ? $"'scopes' must be some of {string.Join(", ", Scope.All)}"
        : Tenant is not null && Tenant != TenantOrNull(Tenant) ? "'tenant' must be a prefix such as 'acme/'"
        : Tenant is not null && Scopes.Contains(Scope.Operate) ? "a tenant's key cannot have the scope 'operate', which is of everybody's streams"
        : EventsPerSecond is not null and not (> 0 and < 1e9) ? "'eventsPerSecond' must be above 0"
        : null;

    private static string? TenantOrNull(string name)
    {
        try
        {
            return Guards.Tenant.Parse(name).Prefix;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
