using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Foretell.Web.Guards;

/// <summary>Whose streams a client may see and send: those whose key begins with a prefix.</summary>
/// <param name="Prefix">It, with a slash at its end; null for a client that all streams belong to.</param>
public readonly record struct Tenant(string? Prefix)
{
    /// <summary>Longest prefix, bytes of UTF-8: it leaves a key room for a name of its own.</summary>
    public const int MaxBytes = 128;

    /// <summary>The client whose streams are all.</summary>
    public static readonly Tenant Everybody;

    /// <summary>Whether all streams are the client's.</summary>
    public bool IsEverybody => Prefix is null;

    /// <summary>The tenant of a request.</summary>
    public static Tenant Of(HttpContext http) => new(http.User.FindFirstValue(ClientIdentity.TenantClaim));

    /// <summary>A tenant by its name, <c>acme</c> or <c>acme/</c>: the slash keeps <c>acme</c> apart from <c>acme-2</c>.</summary>
    /// <exception cref="FormatException">It is empty, too long, or has characters that cannot be seen.</exception>
    public static Tenant Parse(string name)
    {
        string bare = name.EndsWith('/') ? name[..^1] : name;
        int bytes = Encoding.UTF8.GetByteCount(bare) + 1;
        return bare.Length > 0 && bytes <= MaxBytes && bare.Trim() == bare && !bare.Any(char.IsControl) && !bare.StartsWith('/')
            && !bare.EndsWith('/')
            ? new Tenant(bare + "/")
            : throw new FormatException(
                $"A tenant is how its streams' keys begin, up to a slash: 1 to {MaxBytes - 1} bytes such as 'acme', without blanks around it; got '{name}'.");
    }

    /// <summary>Whether a stream is the client's.</summary>
    public bool Owns(string stream) => Prefix is null || stream.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>How the keys begin that have a prefix and are the client's; null where there can be none.</summary>
    public string? Narrow(string prefix) =>
        Owns(prefix) ? prefix
        : Prefix!.StartsWith(prefix, StringComparison.Ordinal) ? Prefix
        : null;
}
